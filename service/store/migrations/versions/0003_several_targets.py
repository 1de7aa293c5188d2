"""several targets of a version: a name or a list of names, as JSON

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    as_json = "to_json(target)" if op.get_bind().dialect.name == "postgresql" else "json_quote(target)"
    with op.batch_alter_table('versions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('targets', sa.JSON(), nullable=True))
    op.execute(f"UPDATE versions SET targets = {as_json}")
    with op.batch_alter_table('versions', schema=None) as batch_op:
        batch_op.drop_column('target')
        batch_op.alter_column('targets', new_column_name='target', existing_type=sa.JSON(), nullable=False)


def downgrade() -> None:
    # several targets become their first: a version of before could not answer for more
    first = (
        "CASE json_typeof(target) WHEN 'array' THEN target->>0 ELSE target#>>'{}' END"
        if op.get_bind().dialect.name == "postgresql"
        else "CASE json_type(target) WHEN 'array' THEN json_extract(target, '$[0]') ELSE json_extract(target, '$') END"
    )
    with op.batch_alter_table('versions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('targets', sa.String(length=1000), nullable=True))
    op.execute(f"UPDATE versions SET targets = {first}")
    with op.batch_alter_table('versions', schema=None) as batch_op:
        batch_op.drop_column('target')
        batch_op.alter_column(
            'targets', new_column_name='target', existing_type=sa.String(length=1000), nullable=False
        )
