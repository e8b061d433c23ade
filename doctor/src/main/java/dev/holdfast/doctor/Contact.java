package dev.holdfast.doctor;

import java.time.Duration;
import java.util.Map;

/**
 * What the first connection found.
 *
 * @param address the address that all connections go to
 * @param tls whether TLS is spoken
 * @param tlsVersion of TLS, "" without
 * @param alpn what the server chose by ALPN, "" without TLS
 * @param settings the server's first SETTINGS, by identifier
 * @param answer how a call was answered, in words
 * @param server the header {@code server} of the answer, "" without
 * @param via the header {@code via}, "" without
 * @param connectTime of TCP
 * @param settingsTime from TCP to the server's SETTINGS, TLS included
 * @param roundTrip of a call
 * @param hop what seems to answer there
 */
public record Contact(
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
    Hop hop) {}
