"""owners, their keys, and whose each row is

Revision: 0007, after 0006
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from service.store.tables import UtcTime

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

DEFAULT = 'default'
MOVED = ('aliases', 'versions', 'models', 'answers')  # those that refer to others first
JSON = sa.JSON(none_as_null=True)


def upgrade() -> None:
    _make_owners()
    for table in ('datasets', 'jobs'):
        op.add_column(table, sa.Column('owner', sa.String(length=64), nullable=False, server_default=DEFAULT))
        op.create_index(f'ix_{table}_owner_id', table, ['owner', 'id'], unique=False)
    op.add_column('jobs', sa.Column('model_owner', sa.String(length=64), nullable=True))
    _same_bytes_are_one_dataset_of(['owner', 'fingerprint'])
    _set_aside()
    _make(owner=True)
    _take_back(owner=True)
    op.create_table(
        'shares',
        _owner(),
        sa.Column('model_name', sa.String(length=100), nullable=False),
        sa.Column('grantee', sa.String(length=64), nullable=False),
        sa.Column('created_at', UtcTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(['owner', 'model_name'], ['models.owner', 'models.name'], ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('owner', 'model_name', 'grantee'),
    )
    op.create_index('ix_shares_grantee', 'shares', ['grantee'], unique=False)
    op.execute("INSERT INTO registry (id, revision) VALUES (2, 1)")


def downgrade() -> None:
    """What other owners than the default one have is lost: before, nobody could have said whose it was."""
    for table in (*MOVED, 'datasets', 'jobs'):
        op.execute(f"DELETE FROM {table} WHERE owner <> '{DEFAULT}'")
    op.execute("DELETE FROM registry WHERE id = 2")
    op.drop_table('shares')
    _set_aside()
    _make(owner=False)
    _take_back(owner=False)
    _same_bytes_are_one_dataset_of(['fingerprint'])
    op.drop_column('jobs', 'model_owner')
    for table in ('jobs', 'datasets'):
        op.drop_index(f'ix_{table}_owner_id', table_name=table)
        op.drop_column(table, 'owner')
    for table in ('secrets', 'keys', 'owners'):
        op.drop_table(table)


def _owner() -> sa.Column[str]:
    return sa.Column('owner', sa.String(length=64), nullable=False)


def _make_owners() -> None:
    owners = op.create_table(
        'owners',
        sa.Column('id', sa.String(length=64), nullable=False),
        sa.Column('created_at', UtcTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint('id'),
    )
    op.bulk_insert(owners, [{'id': DEFAULT, 'created_at': datetime.now(UTC)}])
    op.create_table(
        'keys',
        sa.Column('id', sa.String(length=16), nullable=False),
        _owner(),
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('digest', sa.String(length=64), nullable=False),
        sa.Column('scopes', JSON, nullable=False),
        sa.Column('created_at', UtcTime(timezone=True), nullable=False),
        sa.Column('expires_at', UtcTime(timezone=True), nullable=True),
        sa.Column('revoked_at', UtcTime(timezone=True), nullable=True),
        sa.Column('last_used_at', UtcTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(['owner'], ['owners.id']),
        sa.PrimaryKeyConstraint('id'),
    )
    op.create_index('ix_keys_owner', 'keys', ['owner'], unique=False)
    op.create_table(
        'secrets',
        sa.Column('name', sa.String(length=32), nullable=False),
        sa.Column('value', sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint('name'),
    )


def _same_bytes_are_one_dataset_of(columns: list[str]) -> None:
    """Replace what makes the same bytes and options one dataset; the first tables left that constraint unnamed."""
    unnamed = {'uq': '%(table_name)s_%(column_0_name)s_key'}  # as PostgreSQL names it
    was, is_now = ('datasets_fingerprint_key', 'uq_datasets_owner_fingerprint')
    if 'owner' not in columns:
        was, is_now = is_now, was
    with op.batch_alter_table('datasets', schema=None, naming_convention=unnamed) as batch_op:
        batch_op.drop_constraint(was, type_='unique')
        batch_op.create_unique_constraint(is_now, columns)


def _set_aside() -> None:
    """Rows that refer to each other by what is no longer their key: a table cannot change it under those that do."""
    for table in MOVED:
        op.execute(f'CREATE TABLE moved_{table} AS SELECT * FROM {table}')
        op.drop_table(table)


def _take_back(owner: bool) -> None:
    for table in reversed(MOVED):
        columns = [column['name'] for column in sa.inspect(op.get_bind()).get_columns(f'moved_{table}')]
        kept = ', '.join(f'"{name}"' for name in columns if name != 'owner')
        into, given = (f'owner, {kept}', f"'{DEFAULT}', {kept}") if owner else (kept, kept)
        op.execute(f'INSERT INTO {table} ({into}) SELECT {given} FROM moved_{table}')
        op.drop_table(f'moved_{table}')


def _make(owner: bool) -> None:
    """The tables that are set aside, with their keys by owner or without."""
    own = ['owner'] if owner else []

    def make(table: str, key: list[str], *rest: sa.schema.SchemaItem) -> None:
        owners = [_owner()] if owner else []
        op.create_table(table, *owners, *rest, sa.PrimaryKeyConstraint(*own, *key))

    def refers(columns: list[str], to: str, others: list[str]) -> sa.ForeignKeyConstraint:
        return sa.ForeignKeyConstraint([*own, *columns], [f'{to}.{name}' for name in (*own, *others)])

    make(
        'models',
        ['name'],
        sa.Column('name', sa.String(length=100), nullable=False),
        sa.Column('id', sa.String(length=64), nullable=False),
        sa.Column('last_version', sa.BigInteger(), nullable=False),
        sa.Column('created_at', UtcTime(timezone=True), nullable=False),
        sa.Column('updated_at', UtcTime(timezone=True), nullable=False),
        sa.UniqueConstraint('id'),
    )
    make(
        'versions',
        ['model_name', 'version'],
        sa.Column('model_name', sa.String(length=100), nullable=False),
        sa.Column('version', sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column('job_id', sa.String(length=64), nullable=False),
        sa.Column('dataset_id', sa.String(length=64), nullable=False),
        sa.Column('task', sa.String(length=16), nullable=False),
        sa.Column('target', JSON, nullable=False),
        sa.Column('features', JSON, nullable=False),
        sa.Column('metrics', JSON, nullable=False),
        sa.Column('files', JSON, nullable=False),
        sa.Column('spec', JSON, nullable=False),
        sa.Column('metadata', JSON, nullable=False),
        sa.Column('created_at', UtcTime(timezone=True), nullable=False),
        refers(['model_name'], 'models', ['name']),
        sa.UniqueConstraint('job_id'),
    )
    make(
        'aliases',
        ['model_name', 'alias'],
        sa.Column('model_name', sa.String(length=100), nullable=False),
        sa.Column('alias', sa.String(length=100), nullable=False),
        sa.Column('version', sa.BigInteger(), nullable=False),
        sa.Column('revision', sa.BigInteger(), nullable=False),
        sa.Column('updated_at', UtcTime(timezone=True), nullable=False),
        refers(['model_name', 'version'], 'versions', ['model_name', 'version']),
    )
    make(
        'answers',
        ['scope', 'key'],
        sa.Column('scope', sa.String(length=100), nullable=False),
        sa.Column('key', sa.String(length=255), nullable=False),
        sa.Column('fingerprint', sa.String(length=64), nullable=False),
        sa.Column('resource_id', sa.String(length=64), nullable=False),
        sa.Column('body', JSON, nullable=False),
        sa.Column('created_at', UtcTime(timezone=True), nullable=False),
    )
    op.create_index('ix_answers_created_at', 'answers', ['created_at'], unique=False)
