"""turns and priorities of jobs, who works on what, reuse, limits of owners and keys, webhooks and their deliveries

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

from service.store.tables import UtcTime

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True)
QUEUED = sa.text("state = 'queued'")
RUNNING = sa.text("state IN ('running', 'cancelling')")


def upgrade() -> None:
    for table in ('datasets', 'jobs'):
        op.add_column(table, sa.Column('claimed_at', UtcTime(timezone=True), nullable=True))
        op.add_column(table, sa.Column('worker', sa.String(length=200), nullable=True))
    op.add_column('jobs', sa.Column('priority', sa.BigInteger(), nullable=False, server_default='0'))
    op.add_column('jobs', sa.Column('reuse_key', sa.String(length=64), nullable=True))
    op.create_index(
        'ix_jobs_turn', 'jobs', ['lane', 'owner', 'priority', 'id'], sqlite_where=QUEUED, postgresql_where=QUEUED
    )
    op.create_index('ix_jobs_running', 'jobs', ['owner'], sqlite_where=RUNNING, postgresql_where=RUNNING)
    op.create_index('ix_jobs_owner_claimed_at', 'jobs', ['owner', 'claimed_at'])
    op.create_index('ix_jobs_owner_reuse_key', 'jobs', ['owner', 'reuse_key'])
    for table in ('owners', 'keys'):
        op.add_column(table, sa.Column('limits', JSON, nullable=True))
    _make_webhooks()


def downgrade() -> None:
    op.drop_table('deliveries')
    op.drop_table('webhooks')
    for table in ('keys', 'owners'):
        op.drop_column(table, 'limits')
    for index in ('ix_jobs_owner_reuse_key', 'ix_jobs_owner_claimed_at', 'ix_jobs_running', 'ix_jobs_turn'):
        op.drop_index(index, table_name='jobs')
    op.execute("UPDATE jobs SET state = 'queued', sent_at = NULL WHERE state = 'paused' AND lease_until IS NULL")
    op.execute("UPDATE jobs SET state = 'running' WHERE state = 'paused'")
    op.drop_column('jobs', 'reuse_key')
    op.drop_column('jobs', 'priority')
    for table in ('jobs', 'datasets'):
        op.drop_column(table, 'worker')
        op.drop_column(table, 'claimed_at')


def _make_webhooks() -> None:
    op.create_table(
        'webhooks',
        sa.Column('id', sa.String(length=64), nullable=False),
        sa.Column('owner', sa.String(length=64), nullable=False),
        sa.Column('url', sa.String(length=2000), nullable=False),
        sa.Column('events', JSON, nullable=False),
        sa.Column('secret', sa.String(length=100), nullable=False),
        sa.Column('created_at', UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_webhooks_owner_id', 'webhooks', ['owner', 'id'], unique=False)
    op.create_table(
        'deliveries',
        sa.Column('id', sa.String(length=64), nullable=False),
        sa.Column('webhook_id', sa.String(length=64), nullable=False),
        sa.Column('job_id', sa.String(length=64), nullable=False),
        sa.Column('type', sa.String(length=32), nullable=False),
        sa.Column('body', JSON, nullable=False),
        sa.Column('state', sa.String(length=16), nullable=False),
        sa.Column('attempts', sa.BigInteger(), nullable=False),
        sa.Column('due_at', UtcTime(timezone=True), nullable=True),
        sa.Column('status', sa.BigInteger(), nullable=True),
        sa.Column('error', sa.String(length=500), nullable=True),
        sa.Column('created_at', UtcTime(timezone=True), nullable=False),
        sa.Column('tried_at', UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['webhook_id'], ['webhooks.id'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_deliveries_due_at', 'deliveries', ['due_at'], unique=False)
    op.create_index('ix_deliveries_job_id', 'deliveries', ['job_id', 'id'], unique=False)
    op.create_index('ix_deliveries_webhook_id', 'deliveries', ['webhook_id', 'id'], unique=False)
