import pytest
from pydantic import ValidationError

from chassis.settings import ServiceSettings

GOOD = {
    "database_url": "postgresql://inventory_serving:x@db/inventory",
    "nats_url": "nats://nats:4222",
    "issuer": "https://id.example.org/realms/lichen",
}


def test_production_is_the_default_and_takes_an_https_issuer():
    assert ServiceSettings(**GOOD).env == "production"


@pytest.mark.parametrize(
    "wrong",
    [
        {"issuer": "http://id.example.org/realms/lichen"},
        {"issuer": "https://127.0.0.1:8080/realms/lichen"},
        {"issuer": "https://localhost/realms/lichen"},
        {"issuer": "https://[::1]/realms/lichen"},
        {"issuer": "https://id.example.org/realms/lichen-local"},
        {"audience": "lichen-api-local"},
    ],
)
def test_production_refuses_local_parts(wrong):
    with pytest.raises(ValidationError):
        ServiceSettings(**GOOD | wrong)

    assert ServiceSettings(**GOOD | wrong, env="local").env == "local"
