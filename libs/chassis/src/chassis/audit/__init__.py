"""The audit record: who did what, where, when and why, or was refused; append-only, chained, sealed and witnessed."""
