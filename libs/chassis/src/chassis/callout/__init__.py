"""Who comes to NATS with a token: asked about by nats-server, answered from the issuer's word and the register."""
