import pytest
from pydantic import ValidationError

from chassis.settings import ServiceSettings

GOOD = {
    "database_url": "postgresql://inventory_serving:x@db/inventory",
    "nats_url": "nats://nats:4222",
    "nats_seed": "SU",
    "issuer": "https://id.example.org/realms/lichen",
}


def test_production_is_the_default_and_takes_an_https_issuer():
    assert ServiceSettings(**GOOD).env == "production"
    assert ServiceSettings(**GOOD | {"issuer": "https://9.9.9.9/realms/lichen"}).env == "production"
    assert ServiceSettings(**GOOD, introspection_secret="x" * 20).env == "production"


def test_a_refusal_does_not_repeat_the_secret():
    with pytest.raises(ValidationError) as refused:
        ServiceSettings(**GOOD, introspection_secret="hush-hush")

    assert "hush-hush" not in str(refused.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://id.example.org/realms/lichen"},
        {"issuer": "https://127.0.0.1:8080/realms/lichen"},
        {"issuer": "https://localhost/realms/lichen"},
        {"issuer": "https://[::1]/realms/lichen"},
        {"issuer": "https://localhost./realms/lichen"},
        {"issuer": "https://keycloak.localhost/realms/lichen"},
        {"issuer": "https://keycloak.internal/realms/lichen"},
        {"issuer": "https://10.1.2.3/realms/lichen"},
        {"issuer": "https://172.16.0.1/realms/lichen"},
        {"issuer": "https://192.168.1.1:8443/realms/lichen"},
        {"issuer": "https://169.254.169.254/realms/lichen"},
        {"issuer": "https://100.64.0.1/realms/lichen"},
        {"issuer": "https://0.0.0.0/realms/lichen"},
        {"issuer": "https://127.1/realms/lichen"},
        {"issuer": "https://2130706433/realms/lichen"},
        {"issuer": "https://0x7f000001/realms/lichen"},
        {"issuer": "https://[::ffff:127.0.0.1]/realms/lichen"},
        {"issuer": "https://[fe80::1]/realms/lichen"},
        {"issuer": "https://[fd00::1]/realms/lichen"},
        {"issuer": "https://id.example.org@127.0.0.1/realms/lichen"},
        {"issuer": "https:///realms/lichen"},
        {"issuer": "https://id.example.org/realms/lichen-local"},
        {"audience": "lichen-api-local"},
        {"introspection_secret": ""},
        {"introspection_secret": "lichen-api"},
        {"introspection_secret": "ext-unep"},
        {"introspection_secret": "lichen-api-local"},
        {"nats_seed": None},
    ],
)
def test_production_refuses_local_parts(wrong):
    with pytest.raises(ValidationError):
        ServiceSettings(**GOOD | wrong)

    assert ServiceSettings(**GOOD | wrong, env="local").env == "local"


def test_a_migration_needs_no_key_to_nats():
    settings = ServiceSettings(
        **GOOD | {"nats_seed": None, "migration_url": "postgresql://inventory_owner:x@db/inventory"}
    )

    assert settings.nats_seed is None
