"""the request that work comes from: its id, and the trace that it belongs to

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ('datasets', 'jobs'):
        op.add_column(table, sa.Column('origin', sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    for table in ('jobs', 'datasets'):
        op.drop_column(table, 'origin')
