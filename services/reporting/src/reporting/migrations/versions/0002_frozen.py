"""What is frozen is immutable for every role, and closed; who submitted is kept by a name that does not change."""

from alembic import op

revision = "0002"
down_revision = "0001"

FROZEN = (
    "progress_report",
    "report_figure",
    "report_decision",
    "consolidated_report",
    "consolidated_member",
    "consolidated_figure",
    "consolidated_publication",
)
PARTS = (
    ("report_figure", "report_id", "progress_report"),
    ("consolidated_member", "consolidated_id", "consolidated_report"),
    ("consolidated_figure", "consolidated_id", "consolidated_report"),
)
"""Table, its reference, and what it is a part of."""


def upgrade() -> None:
    # Empty in earlier reports, and in those that the previous version of the service still submits meanwhile.
    op.execute("ALTER TABLE progress_report ADD COLUMN submitted_by_subject text")
    op.execute(
        """
        CREATE FUNCTION refuse_change_of_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION '% is frozen: its rows cannot be changed', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    for table in FROZEN:
        op.execute(
            f"CREATE TRIGGER {table}_is_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_frozen()"
        )
    for table, reference, whole in PARTS:
        # The parts come in the transaction that adds the whole (xmin is the one that added a row), and never later.
        op.execute(
            f"""
            CREATE FUNCTION refuse_late_{table}() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                IF EXISTS (SELECT FROM added a WHERE NOT EXISTS (SELECT FROM {whole} w
                        WHERE w.id = a.{reference} AND w.xmin = pg_current_xact_id()::xid)) THEN
                    RAISE EXCEPTION '{whole} is frozen: nothing can be added to it' USING ERRCODE = 'restrict_violation';
                END IF;
                RETURN NULL;
            END $$
            """
        )
        op.execute(
            f"CREATE TRIGGER {table}_is_not_late AFTER INSERT ON {table} REFERENCING NEW TABLE AS added"
            f" FOR EACH STATEMENT EXECUTE FUNCTION refuse_late_{table}()"
        )
