package dev.holdfast.gateway.listener;

import dev.holdfast.gateway.tls.ServerNames;
import java.util.Optional;

/**
 * The layer 4 settings of a listener: where connections go that are not terminated HTTP.
 *
 * @param cluster of connections that are neither HTTP/2 nor TLS for one of the names; empty for
 *     none
 * @param sni clusters by TLS server name; their TLS is passed through unterminated
 * @param announce whether endpoints are sent the client's address in a PROXY protocol v2 header
 */
public record L4Options(Optional<String> cluster, ServerNames<String> sni, boolean announce) {}
