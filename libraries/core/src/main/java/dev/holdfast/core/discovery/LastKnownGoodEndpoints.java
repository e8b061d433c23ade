package dev.holdfast.core.discovery;

import static dev.holdfast.core.EndpointListState.CONFIRMING;
import static dev.holdfast.core.EndpointListState.EMPTYING;
import static dev.holdfast.core.EndpointListState.FOLLOWING;
import static dev.holdfast.core.EndpointListState.STALE;
import static dev.holdfast.core.EndpointListState.WIPED;

import dev.holdfast.core.Backoff;
import dev.holdfast.core.Endpoint;
import dev.holdfast.core.EndpointListState;
import dev.holdfast.core.EndpointSet;
import dev.holdfast.core.RegistrySnapshot;
import dev.holdfast.core.annotation.PureCore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The failure policy between a raw watch and all consumers of a list of endpoints: the last good
 * list stays in use through any failure, and only what is proven to be gone leaves it.
 *
 * <p>What it guarantees:
 *
 * <ul>
 *   <li>a failure never changes the list in use;
 *   <li>a list is given out only when it differs from the one before;
 *   <li>new endpoints, and marks such as draining, take effect at once, in every state; who was
 *       marked as draining may leave without further ado;
 *   <li>an empty list is believed after a grace time during which the registry could be followed
 *       all along, and a read at its end. Only the first word ever on a service is believed at
 *       once;
 *   <li>any other loss of more than half of the list is believed after one fresh read. Only a read
 *       that fails prolongs the wait;
 *   <li>for a while after an outage of two thirds of a TTL, or a mass loss ({@link
 *       MassLossDetector}), any loss is doubted, and the read that proves it comes at the end: what
 *       serves registers again;
 *   <li>after a wipe (the epoch changed) the endpoints that the store forgot stay in use until it
 *       has been reachable and not empty for the grace time; what registers again replaces them one
 *       by one. A store that stays empty after a wipe empties the list after thirty grace times.
 * </ul>
 *
 * <p>States and what the inputs do (a dash changes no state):
 *
 * <pre>
 *            snapshot:                                            read:
 *            ok        shrunk      empty     new epoch failure  same as word  other   timeout
 * UNKNOWN    FOLLOWING FOLLOWING   FOLLOWING*FOLLOWING -, STALE*  -           -       STALE*
 * FOLLOWING  -         CONFIRMING  EMPTYING  WIPED     STALE      -           -       -
 * STALE      FOLLOWING CONFIRMING  EMPTYING  WIPED     -          -           -       -
 * CONFIRMING FOLLOWING -           EMPTYING  WIPED     -          FOLLOWING   judged  reads again
 * EMPTYING   FOLLOWING CONFIRMING  -         WIPED     -          FOLLOWING** judged  reads again
 * WIPED      FOLLOWING*** CONFIRMING EMPTYING WIPED    -          -           -       judged
 * </pre>
 *
 * <p>* with a list from disk: it is used, and an empty first word is doubted (EMPTYING). ** when
 * the read began after the grace time. *** when all that were forgotten came back. FOLLOWING means
 * STALE while the watch is broken, and WIPED while forgotten endpoints are kept. What the watch
 * confirms counts as its last snapshot again.
 *
 * <p>Not thread-safe. After every input the owner takes the outputs: {@link #pollChange}, {@link
 * #pollRead} and {@link #nextDeadlineNanos}.
 */
@PureCore
class LastKnownGoodEndpoints {
  private final ConfirmingReads reads;
  private final AbsenceEvidence absenceEvidence;
  private final PostWipeEndpoints forgotten;
  private final SeedList seed;
  private final ReRegistrationWindow reRegistrationWindow;
  private final MassLossDetector massLossDetector;

  private EndpointListState state = EndpointListState.UNKNOWN;
  private boolean broken;
  private boolean parked;
  private long snapshots;

  /** The registry's last word, from the watch or from a read that was newer. */
  private @Nullable RegistrySnapshot word;

  private long saidAtNanos;

  /** The watch's last word, which is what it confirms. */
  private @Nullable RegistrySnapshot watched;

  /** The list in use, and when it was last what the registry said. */
  private @Nullable EndpointSet inUse;

  private long goodAtNanos;
  private boolean changed;

  /**
   * A machine that knows nothing yet.
   *
   * @param readBackoff the delays between confirming reads
   * @param seedExpected whether {@link #onSeed} will be called
   */
  public LastKnownGoodEndpoints(
      LastKnownGoodOptions options, Backoff readBackoff, boolean seedExpected) {
    this.absenceEvidence = new AbsenceEvidence(options.grace());
    this.forgotten = new PostWipeEndpoints(options.grace());
    this.reads = new ConfirmingReads(readBackoff, options.confirmWithin());
    this.seed = new SeedList(seedExpected);
    this.reRegistrationWindow =
        new ReRegistrationWindow(options.recordTtl(), options.reRegistrationWindow());
    this.massLossDetector = new MassLossDetector(reRegistrationWindow);
  }

  /** The watch delivered the whole list. */
  public void onSnapshot(long nowNanos, RegistrySnapshot snapshot) {
    snapshots++;
    watched = snapshot;
    recovered(nowNanos);
    hear(nowNanos, snapshot);
  }

  /** The watch proved that its last snapshot is still what the registry holds. */
  public void onConfirmed(long nowNanos) {
    recovered(nowNanos);
    if (watched != null) {
      hear(nowNanos, watched);
    }
  }

  /** The watch broke; it will come back with a snapshot. */
  public void onFailure(long nowNanos) {
    broken = true;
    // Grace is time in which the registry could have said otherwise: an outage does not count.
    absenceEvidence.suspendGrace();
    forgotten.pause();
    if (state == EMPTYING) {
      reads.cancel();
    }
    if (inUse == null) {
      useSeed(nowNanos);
    } else if (state == FOLLOWING) {
      state = STALE;
    }
  }

  /**
   * Handles the end of the watch for lack of subscribers: as an outage, but not one of the
   * registry's.
   */
  public void onParked(long nowNanos) {
    parked = true;
    onFailure(nowNanos);
  }

  /** A read that {@link #pollRead} asked for was answered. */
  public void onRead(long nowNanos, long id, RegistrySnapshot answer) {
    ConfirmingReads.OutstandingRead read = reads.answered(id);
    if (read == null || word == null) {
      return;
    }
    boolean news = read.snapshots() == snapshots;
    if (answer.epoch() != word.epoch() && !news) {
      // From the life before the one that the watch has told of since.
      reads.demandAfterBackoff(nowNanos);
      return;
    }
    if (inUse != null) {
      absenceEvidence.add(read, answer.endpoints(), active(inUse).map(Endpoint::address));
    }
    if (news) {
      endSilence(nowNanos);
      hear(nowNanos, answer);
    } else {
      judge(nowNanos, word.endpoints());
    }
    absenceEvidence.spendEmptyProof();
    Long graceEnds = absenceEvidence.graceEndsNanos();
    if (state == CONFIRMING && reRegistrationWindow.endsNanos(nowNanos) != null) {
      demandConfirmation(nowNanos);
    } else if (state == CONFIRMING) {
      reads.demandAfterBackoff(nowNanos);
    } else if (state == EMPTYING && graceEnds != null) {
      reads.demandAt(graceEnds);
    }
  }

  /** A read that {@link #pollRead} asked for failed. */
  public void onReadFailed(long nowNanos, long id) {
    reads.failed(nowNanos, id);
  }

  /** The list from before the start of this process; an empty one says that there is none. */
  public void onSeed(long nowNanos, EndpointSet list, Duration age) {
    seed.arrived(nowNanos, list, age);
    if (word != null || broken) {
      useSeed(nowNanos);
    } else if (!list.isEmpty()) {
      seed.awaitRegistry(nowNanos);
    }
  }

  /** Time has passed: due at {@link #nextDeadlineNanos}, harmless at any other time. */
  public void onTimeout(long nowNanos) {
    reads.onTimeout(nowNanos);
    if (seed.isWaitOver(nowNanos)) {
      useSeed(nowNanos);
    }
    if (word != null && inUse != null && forgotten.endsNanos() != null) {
      judge(nowNanos, word.endpoints());
    }
  }

  /** When {@link #onTimeout} is due. */
  public OptionalLong nextDeadlineNanos() {
    return Deadlines.earliest(
        reads.nextDeadlineNanos(), seed.waitEndsNanos(), forgotten.endsNanos());
  }

  /** The list to give out now, when it changed since the last call. */
  public Optional<EndpointSet> pollChange() {
    if (!changed) {
      return Optional.empty();
    }
    changed = false;
    return Optional.ofNullable(inUse);
  }

  /** The id of a read that is to be begun now, if one is. */
  public OptionalLong pollRead(long nowNanos) {
    return reads.poll(nowNanos, snapshots);
  }

  public EndpointListState state() {
    return state;
  }

  /** The list in use; empty while nothing is known. */
  public Optional<EndpointSet> endpoints() {
    return Optional.ofNullable(inUse);
  }

  /** The registry's own last word, believed or not. */
  public Optional<EndpointSet> lastReceived() {
    return Optional.ofNullable(word).map(RegistrySnapshot::endpoints);
  }

  /** When the list in use was last what the registry said. */
  public long goodAtNanos() {
    return goodAtNanos;
  }

  private void recovered(long nowNanos) {
    if (!broken) {
      return;
    }
    endSilence(nowNanos);
    broken = false;
    parked = false;
    if (state == CONFIRMING && reRegistrationWindow.endsNanos(nowNanos) != null) {
      demandConfirmation(nowNanos);
    } else if (state == EMPTYING) {
      // The doubt begins anew, with its first read.
      absenceEvidence.beginGrace(nowNanos);
      reads.demand();
    }
  }

  /** The registry speaks again; a read may be answered before the watch is back. */
  private void endSilence(long nowNanos) {
    if (broken && word != null && !parked) {
      reRegistrationWindow.begin(nowNanos, saidAtNanos);
    }
  }

  private void hear(long nowNanos, RegistrySnapshot said) {
    RegistrySnapshot before = word;
    word = said;
    saidAtNanos = nowNanos;
    if (inUse == null) {
      hearFirst(nowNanos, said.endpoints());
      return;
    }
    if (before != null && before.epoch() != said.epoch()) {
      forgotten.remember(EndpointSet.of(active(inUse).toList()));
      endDoubt();
    }
    judge(nowNanos, said.endpoints());
  }

  private void hearFirst(long nowNanos, EndpointSet list) {
    if (!list.isEmpty()) {
      seed.stopWaiting();
      inUse = EndpointSet.EMPTY;
      judge(nowNanos, list);
    } else if (seed.isExpected()) {
      seed.awaitDisk(nowNanos);
    } else {
      useSeed(nowNanos);
    }
  }

  /** Begins with the list from disk, or without any, and then judges what was said meanwhile. */
  private void useSeed(long nowNanos) {
    if (inUse != null) {
      return;
    }
    if (!seed.list().isEmpty()) {
      use(seed.list());
      massLossDetector.exempt();
      goodAtNanos = seed.goodAtNanos();
      state = STALE;
    } else if (word != null && !seed.isExpected()) {
      use(EndpointSet.EMPTY);
    }
    if (inUse != null) {
      seed.stopWaiting();
      if (word != null) {
        judge(nowNanos, word.endpoints());
      }
    }
  }

  private void judge(long nowNanos, EndpointSet said) {
    EndpointSet present = inUse == null ? EndpointSet.EMPTY : inUse;
    boolean graceIsOver = !broken && forgotten.settle(nowNanos, said);
    if (state == WIPED && graceIsOver) {
      massLossDetector.exempt();
    }
    absenceEvidence.refute(said);
    List<Endpoint> missing = new ArrayList<>(active(present).toList());
    missing.removeIf(e -> said.contains(e.address()) || forgotten.contains(e.address()));
    long doubtful = missing.stream().filter(e -> !absenceEvidence.isGone(e.address())).count();
    if (said.isEmpty() && !missing.isEmpty()) {
      if (!absenceEvidence.isEmptyProven()) {
        doubt(nowNanos, EMPTYING, missing, said);
        return;
      }
    } else if (massLossDetector.detect(
        nowNanos, missing, doubtful, active(present).count(), said)) {
      doubtMassLoss(nowNanos, missing, said);
      return;
    } else if (reRegistrationWindow.endsNanos(nowNanos) != null
        ? !missing.isEmpty()
        : doubtful * 2 > active(present).count()) {
      doubt(nowNanos, CONFIRMING, missing, said);
      return;
    }
    massLossDetector.add(nowNanos, missing, absenceEvidence);
    believe(said);
  }

  private void doubtMassLoss(long nowNanos, List<Endpoint> missing, EndpointSet said) {
    boolean isFirstDoubt = state != CONFIRMING && state != EMPTYING;
    doubt(nowNanos, CONFIRMING, missing, said);
    demandConfirmation(nowNanos);
    if (isFirstDoubt) {
      // A read at once can refute; what it does not show is read again at the end. After an empty
      // list that read was begun when the list became empty.
      reads.demand();
    }
  }

  private void believe(EndpointSet said) {
    endDoubt();
    massLossDetector.end();
    use(forgotten.list().overlaidWith(said));
    if (forgotten.isEmpty()) {
      state = broken ? STALE : FOLLOWING;
      goodAtNanos = saidAtNanos;
    } else {
      state = WIPED;
    }
  }

  /** Takes what is new in a list and keeps what is missing in it. */
  private void doubt(
      long nowNanos, EndpointListState reason, List<Endpoint> missing, EndpointSet said) {
    use(forgotten.list().overlaidWith(EndpointSet.of(missing)).overlaidWith(said));
    if (state == reason) {
      return;
    }
    state = reason;
    absenceEvidence.clear();
    demandConfirmation(nowNanos);
    if (reason == EMPTYING && broken) {
      // Nothing can be proven before the registry can be followed again.
      reads.cancel();
    } else if (reason == EMPTYING) {
      absenceEvidence.beginGrace(nowNanos);
    }
  }

  /**
   * Schedules a confirming read: now, or at the end of the time that endpoints have to register
   * again.
   */
  private void demandConfirmation(long nowNanos) {
    Long resettledNanos = reRegistrationWindow.endsNanos(nowNanos);
    if (state == CONFIRMING && resettledNanos != null) {
      endDoubt();
      reads.demandAt(resettledNanos);
    } else {
      reads.demand();
    }
  }

  private void endDoubt() {
    reads.cancel();
    absenceEvidence.clear();
  }

  private void use(EndpointSet list) {
    if (!list.equals(inUse)) {
      inUse = list;
      changed = true;
    }
  }

  private static Stream<Endpoint> active(EndpointSet list) {
    return list.endpoints().stream().filter(e -> !e.draining());
  }
}
