package dev.holdfast.doctor;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The result of an examination. No secret is sent, so the report has none.
 *
 * @param target what was examined
 * @param peer what answers there; empty when nothing that speaks HTTP/2 did
 * @param idle what happens to idle connections; empty when that could not be tried
 * @param held what happens to streams without traffic; empty when that could not be tried
 * @param pings what PINGs do
 * @param findings what it comes to, problems first
 * @param advice the settings that answer it
 * @param connections what each connection went through
 * @param took the whole examination
 */
public record PathReport(
    String target,
    Optional<PeerInfo> peer,
    Optional<IdleTimeoutResult> idle,
    Optional<IdleStreamResult> held,
    PingResult pings,
    List<Finding> findings,
    List<Advice> advice,
    List<ConnectionEvidence> connections,
    Duration took) {

  /** Whether any finding is a problem. */
  public boolean hasProblem() {
    return findings.stream().anyMatch(Finding::isProblem);
  }

  /** Whether the findings include one with this code. */
  public boolean has(FindingCode code) {
    return findings.stream().anyMatch(finding -> finding.code() == code);
  }

  /** GOAWAYs with an error on connections other than the one that may be punished. */
  public int goAwaysOnUserConnections() {
    return (int)
        connections.stream()
            .filter(one -> one.role() != ConnectionEvidence.ProbeConnectionRole.PING_PUNISHED)
            .flatMap(one -> one.goAway().stream())
            .filter(receivedGoAway -> receivedGoAway.code() != 0)
            .count();
  }
}
