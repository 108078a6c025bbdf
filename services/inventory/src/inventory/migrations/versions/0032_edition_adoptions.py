"""An edition of factors is adopted by two people: proposals, what became of them, and no adoption without both.

Who serves may add an adoption from here on, where they hold the right over all locations; the database's owner may not.
"""

from alembic import op

from chassis.migrations import grant, only_grows, secure_rows

revision = "0032"
down_revision = "0031"

SERVICE = "inventory"
ADDED_ONLY = ("adoption_proposal", "adoption_decision")
_ROOTS = "ANY ((SELECT string_to_array(nullif(current_setting('app.roots', true), ''), ','))::text[])"
OVER_ALL = f"EXISTS (SELECT FROM location WHERE parent_id IS NULL AND id = {_ROOTS})"


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    for table in ADDED_ONLY:
        secure_rows(op, table)
        only_grows(op, table)
    _secure_adoptions()
    grant(op, SERVICE, "SELECT, INSERT", *ADDED_ONLY)
    grant(op, SERVICE, "INSERT", "factor_edition_adoption")


def _secure_adoptions() -> None:
    """Which edition is adopted is for everyone, as the catalogue is; to adopt is not. FORCE binds the owner too."""
    op.execute("ALTER TABLE factor_edition_adoption ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE factor_edition_adoption FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY for_everyone ON factor_edition_adoption FOR SELECT USING (true)")
    op.execute(f"CREATE POLICY over_all ON factor_edition_adoption FOR INSERT WITH CHECK ({OVER_ALL})")
    op.execute(GUARD)
    op.execute(
        "CREATE TRIGGER factor_edition_adoption_by_two BEFORE INSERT ON factor_edition_adoption"
        " FOR EACH ROW EXECUTE FUNCTION refuse_adoption_by_one()"
    )


TABLES = """
CREATE TABLE adoption_proposal (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    edition_id text NOT NULL REFERENCES factor_edition (id),
    reason text NOT NULL CHECK (reason <> ''),
    proposed_by text NOT NULL,
    proposed_by_subject text NOT NULL,
    proposed_at timestamptz NOT NULL
);

CREATE INDEX adoption_proposal_by_edition ON adoption_proposal (edition_id, id);

CREATE TABLE adoption_decision (
    proposal_id text PRIMARY KEY REFERENCES adoption_proposal (id),
    location_id text NOT NULL REFERENCES location (id),
    outcome text NOT NULL CHECK (outcome IN ('approved', 'refused', 'withdrawn')),
    reason text CHECK (reason <> ''),
    decided_by text NOT NULL,
    decided_by_subject text NOT NULL,
    decided_at timestamptz NOT NULL,
    CHECK (outcome = 'approved' OR reason IS NOT NULL)
);

ALTER TABLE factor_edition_adoption ADD COLUMN proposal_id text UNIQUE REFERENCES adoption_proposal (id)
"""
"""An adoption without a proposal shipped, or is from before."""

GUARD = """
CREATE FUNCTION refuse_adoption_by_one() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM adoption_proposal p JOIN adoption_decision d ON d.proposal_id = p.id
        WHERE p.id = NEW.proposal_id AND p.edition_id = NEW.edition_id AND d.outcome = 'approved'
          AND d.decided_by_subject <> p.proposed_by_subject) THEN
        RAISE EXCEPTION 'edition % is adopted by two people: one proposes it, another approves', NEW.edition_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$
"""
