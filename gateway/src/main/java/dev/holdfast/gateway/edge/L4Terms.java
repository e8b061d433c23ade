package dev.holdfast.gateway.edge;

import dev.holdfast.gateway.tls.ServerNames;
import java.util.Optional;

/**
 * Where connections of a listener go that does not insist on HTTP.
 *
 * @param cluster of whatever is not HTTP/2, nor TLS for one of the names; empty for none
 * @param sni clusters by the names that clients ask for in TLS, which is passed through to them
 * @param announce whether endpoints are told who the client is, by a header of the PROXY protocol 2
 */
public record L4Terms(Optional<String> cluster, ServerNames<String> sni, boolean announce) {}
