"""The sessions of a grpc.aio channel."""
