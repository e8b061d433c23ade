package dev.holdfast.doctor;

import java.util.List;
import java.util.Optional;

/**
 * The measurements of one examination, before their interpretation.
 *
 * @param tls whether the last connection attempt used TLS
 * @param problem the reason why HTTP/2 was not reached
 * @param problemDetail the details of the problem
 * @param peer the findings of the first connection
 * @param idle the result of the search for the idle timeout
 * @param held the result of holding idle streams open
 * @param pings the effect of PINGs
 * @param connections the observations on each connection
 * @param crashes checks that failed by themselves, in words
 */
record Measurements(
    boolean tls,
    Optional<ConnectionProblem> problem,
    String problemDetail,
    Optional<PeerInfo> peer,
    Optional<IdleTimeoutResult> idle,
    Optional<IdleStreamResult> held,
    PingResult pings,
    List<ConnectionEvidence> connections,
    List<String> crashes) {}
