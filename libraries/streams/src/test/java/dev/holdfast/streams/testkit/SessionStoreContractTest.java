package dev.holdfast.streams.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.holdfast.streams.Payload;
import dev.holdfast.streams.SequencedMessage;
import dev.holdfast.streams.SessionRecord;
import dev.holdfast.streams.SessionRecord.Caller;
import dev.holdfast.streams.SessionStore;
import dev.holdfast.streams.StoreRequest;
import dev.holdfast.streams.StoreResponse;
import dev.holdfast.streams.wire.SessionId;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * What every {@link SessionStore} does. A store's test extends this with a real back end; each test
 * has sessions of its own, so that all of them may share one.
 */
public abstract class SessionStoreContractTest {
  private static final Caller CALLER = new Caller("device-7", "test.Devices/Talk");
  private static final Caller STRANGER = new Caller("device-8", "test.Devices/Talk");
  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  protected final SessionId id =
      new SessionId(ThreadLocalRandom.current().nextLong(), ThreadLocalRandom.current().nextLong());

  /** The store as another process sees it: what one has written all others read. */
  protected abstract SessionStore open() throws Exception;

  /** One that keeps no record with more bytes of messages. */
  protected abstract SessionStore openWithRecordsOfAtMost(int bytes) throws Exception;

  @Test
  void aSessionThatBeginsIsThereForTheNextOwner() throws Exception {
    assertThat(claimed(ask(open(), begin(id, 1, "a"))))
        .isEqualTo(SessionRecord.fresh(1, "a", CALLER));

    SessionRecord taken = claimed(ask(open(), resume(2, "b")));

    assertThat(taken).isEqualTo(SessionRecord.fresh(1, "a", CALLER).claimed(2, "b"));
  }

  @Test
  void whatWasNeverThereIsMissing() throws Exception {
    assertThat(ask(open(), resume(1, "a"))).isEqualTo(new StoreResponse.Missing());
  }

  @Test
  void anOlderAttachmentIsFencedAndChangesNothing() throws Exception {
    SessionStore store = open();
    ask(store, begin(id, 10, "a"));

    assertThat(ask(store, resume(9, "b"))).isEqualTo(new StoreResponse.Fenced());
    assertThat(ask(store, resume(10, "b"))).isEqualTo(new StoreResponse.Fenced());

    assertThat(ask(store, save(10, "a", 0, 1, 0))).isEqualTo(new StoreResponse.Saved());
  }

  @Test
  void fencesAreNumbersAndNotTexts() throws Exception {
    SessionStore store = open();
    long huge = (1L << 62) + 1;
    ask(store, begin(id, 9, "a"));
    claimed(ask(store, resume(10, "b")));
    claimed(ask(store, resume(huge, "c")));

    assertThat(ask(store, resume(huge - 1, "d"))).isEqualTo(new StoreResponse.Fenced());
    assertThat(claimed(ask(store, resume(huge + 1, "d"))).attach()).isEqualTo(huge + 1);
  }

  @Test
  void aClaimSaidAgainIsGrantedAndStillSaysWhoWasBefore() throws Exception {
    SessionStore store = open();
    ask(store, begin(id, 1, "a"));
    SessionRecord first = claimed(ask(store, resume(2, "b")));

    SessionRecord again = claimed(ask(store, resume(2, "b")));

    assertThat(again).isEqualTo(first);
    assertThat(again.previousOwner()).isEqualTo("a");
  }

  @Test
  void aForeignPrincipalFindsNothingAndFencesNobody() throws Exception {
    SessionStore store = open();
    ask(store, begin(id, 1, "a"));

    StoreRequest.Claim theft =
        new StoreRequest.Claim(
            id, 9, "b", STRANGER, Optional.of(SessionRecord.fresh(9, "b", STRANGER)), LONG);
    assertThat(ask(store, theft)).isEqualTo(new StoreResponse.Missing());

    assertThat(ask(store, save(1, "a", 0, 1, 0))).isEqualTo(new StoreResponse.Saved());
  }

  @Test
  void whoWasReplacedCanNotWriteAnyMore() throws Exception {
    SessionStore store = open();
    ask(store, begin(id, 1, "a"));
    ask(store, save(1, "a", 0, 5, 0));
    ask(store, resume(2, "b"));

    assertThat(ask(store, save(1, "a", 1, 6, 0))).isEqualTo(new StoreResponse.Fenced());

    SessionRecord record = claimed(ask(store, resume(3, "c")));
    assertThat(record.processed()).isEqualTo(5);
    assertThat(record.version()).isEqualTo(1);
  }

  @Test
  void aChangeSaidAgainIsMadeOnce() throws Exception {
    SessionStore store = open();
    ask(store, begin(id, 1, "a"));
    StoreRequest.Save change = save(1, "a", 0, 5, 0, item(1, "one"));

    assertThat(ask(store, change)).isEqualTo(new StoreResponse.Saved());
    assertThat(ask(store, change)).isEqualTo(new StoreResponse.Saved());

    SessionRecord record = claimed(ask(store, resume(2, "b")));
    assertThat(record.version()).isEqualTo(1);
    assertThat(texts(record)).containsExactly("one");
  }

  @Test
  void aChangeThatNewerOnesOvertookIsIgnored() throws Exception {
    SessionStore store = open();
    ask(store, begin(id, 1, "a"));
    // Versions with more digits, too: they are numbers and not texts.
    for (int version = 0; version < 12; version++) {
      assertThat(
              ask(store, save(1, "a", version, version + 1, 0, item(version + 1, "m" + version))))
          .isEqualTo(new StoreResponse.Saved());
      for (int late = 0; late < version; late++) {
        assertThat(ask(store, save(1, "a", late, late + 1, 0, item(late + 1, "m" + late))))
            .as("change %s after %s", late, version)
            .isEqualTo(new StoreResponse.Fenced());
      }
    }

    SessionRecord record = claimed(ask(store, resume(2, "b")));

    assertThat(record.version()).isEqualTo(12);
    assertThat(record.processed()).isEqualTo(12);
    assertThat(texts(record)).hasSize(12).startsWith("m0").endsWith("m11");
  }

  @Test
  void whatArrivesLateForATombstoneIsIgnored() throws Exception {
    SessionStore store = open();
    ask(store, begin(id, 1, "a"));
    ask(store, save(1, "a", 0, 1, 0));
    ask(store, new StoreRequest.Save(id, 1, "a", 1, 2, 0, List.of(), true, true, LONG));

    assertThat(ask(store, save(1, "a", 0, 1, 0))).isEqualTo(new StoreResponse.Fenced());

    assertThat(claimed(ask(store, resume(2, "b"))).over()).isTrue();
  }

  @Test
  void messagesAreKeptInOrderUntilTheyAreAcknowledged() throws Exception {
    SessionStore store = open();
    ask(store, begin(id, 1, "a"));
    ask(store, save(1, "a", 0, 0, 0, item(1, "one"), item(2, "two"), item(3, "three")));
    List<SequencedMessage> many = new ArrayList<>();
    for (int i = 4; i <= 300; i++) {
      many.add(item(i, "m" + i));
    }
    ask(store, save(1, "a", 1, 7, 2, many.toArray(SequencedMessage[]::new)));

    SessionRecord record = claimed(ask(open(), resume(2, "b")));

    assertThat(record.acked()).isEqualTo(2);
    assertThat(record.processed()).isEqualTo(7);
    assertThat(record.unacked()).extracting(SequencedMessage::seq).hasSize(298).startsWith(3L, 4L);
    assertThat(texts(record)).startsWith("three", "m4").endsWith("m300");
  }

  @Test
  void aLastMessageComesBackWithAllThatItIs() throws Exception {
    SessionStore store = open();
    byte[] bytes = new byte[1 << 20];
    ThreadLocalRandom.current().nextBytes(bytes);
    ask(store, begin(id, 1, "a"));
    SequencedMessage last = new SequencedMessage(1, Payload.of(bytes), 129, 14);
    StoreRequest.Save change =
        new StoreRequest.Save(id, 1, "a", 0, 3, 0, List.of(last), true, false, LONG);
    assertThat(ask(store, change)).isEqualTo(new StoreResponse.Saved());

    SessionRecord record = claimed(ask(open(), resume(2, "b")));

    assertThat(record.halfClosed()).isTrue();
    SequencedMessage back = record.unacked().get(0);
    assertThat(back.flags()).isEqualTo(129);
    assertThat(back.status()).isEqualTo(14);
    assertThat(back.body().toByteArray()).isEqualTo(bytes);
  }

  @Test
  void whatIsOverSaysSo() throws Exception {
    SessionStore store = open();
    ask(store, begin(id, 1, "a"));
    StoreRequest.Save end = new StoreRequest.Save(id, 1, "a", 0, 4, 0, List.of(), true, true, LONG);
    assertThat(ask(store, end)).isEqualTo(new StoreResponse.Saved());
    assertThat(ask(store, end)).isEqualTo(new StoreResponse.Saved());

    SessionRecord record = claimed(ask(store, resume(2, "b")));
    assertThat(record.over()).isTrue();
    assertThat(record.processed()).isEqualTo(4);
  }

  @Test
  void aStoreThatForgotSaysThatTheSessionIsLost() throws Exception {
    assertThat(ask(open(), save(1, "a", 4, 5, 0))).isInstanceOf(StoreResponse.Lost.class);
  }

  @Test
  void fromARecordThatWentBackInTimeNobodyGoesOn() throws Exception {
    SessionStore store = open();
    ask(store, begin(id, 1, "a"));
    ask(store, save(1, "a", 0, 1, 0));

    assertThat(ask(store, save(1, "a", 2, 3, 0))).isInstanceOf(StoreResponse.Lost.class);

    assertThat(ask(store, resume(2, "b"))).isEqualTo(new StoreResponse.Missing());
  }

  @Test
  void aFenceThatWentBackInTimeIsNoFence() throws Exception {
    SessionStore store = open();
    ask(store, begin(id, 1, "a"));

    assertThat(ask(store, save(2, "b", 0, 1, 0))).isInstanceOf(StoreResponse.Lost.class);

    assertThat(ask(store, resume(3, "c"))).isEqualTo(new StoreResponse.Missing());
  }

  @Test
  void ofManyWhoClaimAtOnceTheHighestAloneMayWrite() throws Exception {
    int owners = 24;
    SessionStore one = open();
    SessionStore other = open();
    ask(one, begin(id, 1, "a"));
    List<Integer> order = new ArrayList<>();
    for (int i = 2; i < 2 + owners; i++) {
      order.add(i);
    }
    Collections.shuffle(order);
    List<CompletionStage<StoreResponse>> answers = new ArrayList<>();
    for (int attach : order) {
      answers.add((attach % 2 == 0 ? one : other).claim(resume(attach, "o" + attach)));
    }
    for (CompletionStage<StoreResponse> answer : answers) {
      assertThat(get(answer))
          .isInstanceOfAny(StoreResponse.Claimed.class, StoreResponse.Fenced.class);
    }

    int highest = 1 + owners;
    for (int attach = 2; attach <= highest; attach++) {
      StoreResponse answer = ask(one, save(attach, "o" + attach, 0, attach, 0));
      assertThat(answer)
          .isEqualTo(attach == highest ? new StoreResponse.Saved() : new StoreResponse.Fenced());
    }
  }

  @Test
  void aRecordIsForgottenWhenNobodyKeepsIt() throws Exception {
    SessionStore store = open();
    Duration brief = Duration.ofSeconds(1);
    SessionId kept = new SessionId(id.high(), id.low() ^ 1);
    ask(store, begin(kept, 1, "a", Duration.ofSeconds(30)));
    StoreRequest.Save renewed =
        new StoreRequest.Save(kept, 1, "a", 0, 0, 0, List.of(), false, false, LONG);
    ask(store, renewed);
    ask(store, begin(id, 1, "a", brief));

    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .until(() -> ask(store, resume(1, "b")) instanceof StoreResponse.Missing);

    StoreRequest.Claim claim = new StoreRequest.Claim(kept, 2, "b", CALLER, Optional.empty(), LONG);
    assertThat(claimed(ask(store, claim)).version()).isEqualTo(1);
  }

  @Test
  void whatIsTooLargeToBeKeptEndsTheSession() throws Exception {
    SessionStore store = openWithRecordsOfAtMost(1000);
    ask(store, begin(id, 1, "a"));
    assertThat(ask(store, save(1, "a", 0, 1, 0, item(1, "x".repeat(900)))))
        .isEqualTo(new StoreResponse.Saved());

    assertThat(ask(store, save(1, "a", 1, 1, 0, item(2, "x".repeat(900)))))
        .isInstanceOf(StoreResponse.Lost.class);

    assertThat(ask(store, resume(2, "b"))).isEqualTo(new StoreResponse.Missing());
  }

  // What sessions ask.

  protected StoreRequest.Claim begin(SessionId session, long attach, String owner) {
    return begin(session, attach, owner, LONG);
  }

  private static StoreRequest.Claim begin(
      SessionId session, long attach, String owner, Duration keep) {
    SessionRecord fresh = SessionRecord.fresh(attach, owner, CALLER);
    return new StoreRequest.Claim(session, attach, owner, CALLER, Optional.of(fresh), keep);
  }

  protected StoreRequest.Claim resume(long attach, String owner) {
    return new StoreRequest.Claim(id, attach, owner, CALLER, Optional.empty(), LONG);
  }

  protected StoreRequest.Save save(
      long attach,
      String owner,
      long version,
      long processed,
      long acked,
      SequencedMessage... items) {
    return new StoreRequest.Save(
        id, attach, owner, version, processed, acked, List.of(items), false, false, LONG);
  }

  protected static SequencedMessage item(long seq, String text) {
    return new SequencedMessage(seq, Payload.of(text.getBytes(StandardCharsets.UTF_8)), 0, 0);
  }

  protected static StoreResponse ask(SessionStore store, StoreRequest request) throws Exception {
    return get(
        request instanceof StoreRequest.Claim claim
            ? store.claim(claim)
            : store.save((StoreRequest.Save) request));
  }

  protected static SessionRecord claimed(StoreResponse answer) {
    assertThat(answer).isInstanceOf(StoreResponse.Claimed.class);
    return ((StoreResponse.Claimed) answer).record();
  }

  private static StoreResponse get(CompletionStage<StoreResponse> answer) throws Exception {
    return answer.toCompletableFuture().get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static List<String> texts(SessionRecord record) {
    return record.unacked().stream()
        .map(
            sequencedMessage ->
                new String(sequencedMessage.body().toByteArray(), StandardCharsets.UTF_8))
        .toList();
  }
}
