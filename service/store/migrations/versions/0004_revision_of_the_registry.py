"""a number that every change of versions and aliases raises

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'registry',
        sa.Column('id', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint('id'),
    )
    op.execute("INSERT INTO registry (id, revision) VALUES (1, 1)")


def downgrade() -> None:
    op.drop_table('registry')
