"""How the ends of physical calls are told apart."""

import unittest

import grpc

from holdfast_streams.aio.attachment_call import CallEnd, scope_of
from holdfast_streams.session.outputs import Scope


class CallEndTest(unittest.TestCase):
    """The scope of each kind of end."""

    def test_connection_that_is_cut_while_a_call_begins_is_no_status_of_the_server(self) -> None:
        """A conformance run under load: the application saw INTERNAL."""
        cut = CallEnd(grpc.StatusCode.INTERNAL, "Internal error from Core")
        self.assertIs(scope_of(cut, welcomed=False), Scope.CONNECTION)

    def test_connection_that_ends_is_unavailable(self) -> None:
        """What grpc.aio says in all other cases."""
        end = CallEnd(grpc.StatusCode.UNAVAILABLE, "Socket closed")
        self.assertIs(scope_of(end, welcomed=True), Scope.CONNECTION)

    def test_status_of_the_server_ends_the_stream(self) -> None:
        """Before a welcome it may be that of a plain server."""
        end = CallEnd(grpc.StatusCode.INTERNAL, "out of order")
        self.assertIs(scope_of(end, welcomed=False), Scope.STATUS)
        self.assertIs(scope_of(end, welcomed=True), Scope.STREAM)
