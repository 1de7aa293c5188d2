"""the spec and the metadata of a version

Revision: 0005, after 0004
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('versions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('spec', sa.JSON(none_as_null=True), nullable=False, server_default='{}'))
        batch_op.add_column(sa.Column('metadata', sa.JSON(none_as_null=True), nullable=False, server_default='{}'))
    # a version of before has the spec of its job, where that is still there
    part = "jobs.spec->'metadata'" if op.get_bind().dialect.name == "postgresql" else "json_extract(jobs.spec, '$.metadata')"
    job = "FROM jobs WHERE jobs.id = versions.job_id"
    op.execute(
        f"UPDATE versions SET spec = COALESCE((SELECT jobs.spec {job}), '{{}}'), "
        f"metadata = COALESCE((SELECT {part} {job}), '{{}}')"
    )
    with op.batch_alter_table('versions', schema=None) as batch_op:
        batch_op.alter_column('spec', existing_type=sa.JSON(), existing_nullable=False, server_default=None)
        batch_op.alter_column('metadata', existing_type=sa.JSON(), existing_nullable=False, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table('versions', schema=None) as batch_op:
        batch_op.drop_column('metadata')
        batch_op.drop_column('spec')
