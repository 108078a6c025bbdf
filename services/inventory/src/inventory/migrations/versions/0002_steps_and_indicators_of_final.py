"""Steps and indicators of a final inventory are immutable too."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Both are written while it is still submitted, in the transaction that makes it final: only `final` closes them.
    op.execute(
        """
        CREATE FUNCTION refuse_change_beside_final() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            closed text;
        BEGIN
            PERFORM FROM inventory i WHERE i.id IN (SELECT DISTINCT inventory_id FROM changed) FOR SHARE;
            SELECT i.id INTO closed FROM inventory i
                WHERE i.id IN (SELECT DISTINCT inventory_id FROM changed) AND i.state = 'final' LIMIT 1;
            IF closed IS NOT NULL THEN
                RAISE EXCEPTION 'inventory % is final: its steps and indicators cannot be changed', closed
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN NULL;
        END $$
        """
    )
    for table in ("inventory_indicator", "inventory_step"):
        for event, transition in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
            op.execute(
                f"CREATE TRIGGER {table}_{event.lower()}_beside_final AFTER {event} ON {table}"
                f" REFERENCING {transition} TABLE AS changed"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_beside_final()"
            )
