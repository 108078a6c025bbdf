"""What is sensitive about a site: where exactly it is, its fuel stocks, and amounts of fuel by site."""

from alembic import op

from chassis.migrations import grant, only_grows, secure_rows, secure_sensitive_rows

revision = "0005"
down_revision = "0004"

SERVICE = "inventory"


def upgrade() -> None:
    for statement in TABLES.split(";\n\n"):
        op.execute(statement)
    _move_positions()
    for table in ("site_position", "fuel_stock"):
        secure_rows(op, table)
        secure_sensitive_rows(op, table)
        grant(op, SERVICE, "SELECT, INSERT", table)
        only_grows(op, table)
    # As `domain.disclosure` has it: a record is of one site.
    for table in ("activity_record", "emission"):
        secure_sensitive_rows(
            op, table, sensitive="category IN ('generator_fuel', 'heating_fuel', 'vehicle_fuel')"
        )
    # Decided when the inventory becomes final. An earlier one has no decision: its amount of fuel stays closed.
    op.execute("ALTER TABLE inventory_indicator ADD COLUMN open_to_all boolean")
    secure_sensitive_rows(
        op, "inventory_indicator", sensitive="indicator = 'generator_fuel' AND open_to_all IS NOT TRUE"
    )
    # Who entered is held against who approves. Empty in earlier imports and in those of the previous release.
    op.execute("ALTER TABLE activity_import ADD COLUMN imported_by_subject text")


def _move_positions() -> None:
    """City and coordinates leave the open table; what the previous release still writes there is moved at once."""
    op.execute(
        "INSERT INTO site_position SELECT location_id, city, latitude, longitude FROM location_detail"
        " WHERE num_nonnulls(city, latitude, longitude) > 0"
    )
    op.execute("UPDATE location_detail SET city = NULL, latitude = NULL, longitude = NULL")
    op.execute(
        """
        CREATE FUNCTION move_position() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF num_nonnulls(NEW.city, NEW.latitude, NEW.longitude) > 0 THEN
                INSERT INTO site_position VALUES (NEW.location_id, NEW.city, NEW.latitude, NEW.longitude)
                    ON CONFLICT DO NOTHING;
                NEW.city := NULL;
                NEW.latitude := NULL;
                NEW.longitude := NULL;
            END IF;
            RETURN NEW;
        END $$
        """
    )
    op.execute(
        "CREATE TRIGGER position_is_kept_apart BEFORE INSERT OR UPDATE ON location_detail"
        " FOR EACH ROW EXECUTE FUNCTION move_position()"
    )


TABLES = """
CREATE TABLE site_position (
    location_id text PRIMARY KEY REFERENCES location (id),
    city text,
    latitude numeric CHECK (latitude BETWEEN -90 AND 90),
    longitude numeric CHECK (longitude BETWEEN -180 AND 180)
);

CREATE TABLE fuel_stock (
    id text PRIMARY KEY,
    location_id text NOT NULL REFERENCES location (id),
    fuel text NOT NULL,
    capacity numeric NOT NULL CHECK (capacity > 0),
    stock numeric NOT NULL CHECK (stock BETWEEN 0 AND capacity),
    unit text NOT NULL,
    as_of date NOT NULL,
    entered_by text NOT NULL,
    entered_by_subject text NOT NULL,
    entered_at timestamptz NOT NULL
);

CREATE INDEX fuel_stock_newest ON fuel_stock (location_id, fuel, as_of DESC, id DESC)
"""
