package dev.holdfast.doctor;

import java.time.Duration;
import java.util.Map;

/**
 * The findings of the first connection.
 *
 * @param address the address that all connections go to
 * @param tls whether the connection uses TLS
 * @param tlsVersion the TLS version, "" without TLS
 * @param alpn the protocol that the server selected by ALPN, "" without TLS
 * @param settings the server's first SETTINGS, by identifier
 * @param answer the response to a call, in words
 * @param server the header {@code server} of the response, "" without
 * @param via the header {@code via}, "" without
 * @param connectTime duration of the TCP handshake
 * @param settingsTime from the TCP handshake to the server's SETTINGS, TLS included
 * @param roundTrip duration of a call
 * @param implementation the HTTP/2 implementation that seems to answer
 */
public record PeerInfo(
    String address,
    boolean tls,
    String tlsVersion,
    String alpn,
    Map<Integer, Long> settings,
    String answer,
    String server,
    String via,
    Duration connectTime,
    Duration settingsTime,
    Duration roundTrip,
    PeerImplementation implementation) {}
