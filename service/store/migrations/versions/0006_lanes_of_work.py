"""the lane that work waits in, and how long a job has been worked on

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ('datasets', 'jobs'):
        op.add_column(table, sa.Column('lane', sa.String(length=8), nullable=False, server_default='long'))
    op.add_column('jobs', sa.Column('worked_seconds', sa.Double(), nullable=False, server_default='0'))
    op.create_index('ix_jobs_state_lane', 'jobs', ['state', 'lane', 'id'], unique=False)
    op.drop_index('ix_jobs_state', table_name='jobs')


def downgrade() -> None:
    op.create_index('ix_jobs_state', 'jobs', ['state'], unique=False)
    op.drop_index('ix_jobs_state_lane', table_name='jobs')
    op.drop_column('jobs', 'worked_seconds')
    for table in ('jobs', 'datasets'):
        op.drop_column(table, 'lane')
