package dev.holdfast.doctor;

import java.util.List;
import java.util.Optional;

/**
 * All that one examination measured, before anybody says what it means.
 *
 * @param tls whether TLS was spoken last
 * @param problem why HTTP/2 was not spoken
 * @param problemDetail what was seen of that
 * @param contact what answered
 * @param idle what became of idle connections
 * @param held what became of streams without traffic
 * @param pings what PINGs do
 * @param connections what each connection went through
 * @param crashes checks that failed by themselves, in words
 */
record Measurements(
    boolean tls,
    Optional<WireProblem> problem,
    String problemDetail,
    Optional<Contact> contact,
    Optional<LadderResult> idle,
    Optional<HeldResult> held,
    PingResult pings,
    List<ConnectionEvidence> connections,
    List<String> crashes) {}
