package dev.holdfast.registry.etcd;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.holdfast.core.Backoff;
import dev.holdfast.registry.etcd.proto.Event;
import dev.holdfast.registry.etcd.proto.KeyValue;
import dev.holdfast.registry.etcd.proto.ResponseHeader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What a range lets in, and what it takes for another life of the store. */
class RangeWatchTest {
  private final List<String> heard = new ArrayList<>();
  private final RangeWatch range =
      new RangeWatch(
          EtcdKeys.KeyRange.prefix("a/"),
          false,
          new Heard(),
          new Backoff(EtcdWatcher.RETRY, new Random(1)));

  @Test
  void fragmentsAreHeardOfTogetherWhenTheLastHasCome() {
    range.onList(list(10), 1);

    range.onEvents(List.of(put("a/1", 11)), true);
    range.onEvents(List.of(), true);
    assertThat(heard).containsExactly("list");
    range.onEvents(List.of(put("a/2", 11)), false);

    assertThat(heard).containsExactly("list", "a/1@11 a/2@11");
  }

  @Test
  void halfOfAChangeIsForgottenWhenTheStreamBreaks() {
    range.onList(list(10), 1);
    range.onEvents(List.of(put("a/1", 11)), true);

    range.restart();
    range.onList(list(12, record("a/1", 11, 0, "x")), 1);
    range.onEvents(List.of(put("a/2", 13)), false);

    assertThat(heard).containsExactly("list", "list", "a/2@13");
  }

  @Test
  void eventsThatAListHasShownAlreadyAreNotHeardAgain() {
    range.onList(list(10), 1);
    assertThat(range.onRelist(list(14, record("a/1", 12, 0, "x")), 1)).isTrue();

    range.onEvents(List.of(put("a/1", 12), put("a/1", 15)), false);

    assertThat(heard).containsExactly("list", "list", "a/1@15");
  }

  @Test
  void aListThatEventsHaveOvertakenIsNotTakenOver() {
    range.onList(list(10), 1);
    range.onEvents(List.of(put("a/1", 12)), false);

    assertThat(range.onRelist(list(11), 1)).isFalse();

    assertThat(heard).containsExactly("list", "a/1@12");
  }

  @Test
  void aKeyThatWasSomethingElseAtAKnownRevisionTellsOfAnotherLife() {
    range.onList(list(10, record("a/1", 7, 3, "x")), 1);

    assertThat(contradicts(list(12, record("a/1", 7, 3, "x")))).isFalse();
    assertThat(contradicts(list(12, record("a/1", 11, 4, "y")))).as("changed since").isFalse();
    assertThat(contradicts(list(12))).as("deleted since").isFalse();
    assertThat(contradicts(list(12, record("a/1", 9, 3, "x")))).as("revision").isTrue();
    assertThat(contradicts(list(12, record("a/1", 7, 4, "x")))).as("lease").isTrue();
    assertThat(contradicts(list(12, record("a/1", 7, 3, "y")))).as("value").isTrue();
    assertThat(range.isContradictedBy(list(12, record("a/1", 9, 3, "x")), 2))
        .as("of what was known in an earlier life nothing follows")
        .isFalse();
  }

  @Test
  void aListThatEventsHaveOvertakenSaysNothingOfAnotherLife() {
    range.onList(list(10, record("a/1", 7, 3, "x"), record("a/2", 8, 3, "x")), 1);
    range.onEvents(List.of(put("a/1", 12)), false);

    assertThat(contradicts(list(11, record("a/1", 7, 3, "x"), record("a/2", 8, 3, "x"))))
        .as("what the list can't know")
        .isFalse();
    assertThat(contradicts(list(11, record("a/1", 7, 3, "x"), record("a/2", 9, 3, "x"))))
        .as("what it must know")
        .isTrue();
  }

  @Test
  void aKindOfFailureIsToldOnceUntilThereIsAListAgain() {
    EtcdException timeout = new EtcdException(EtcdError.TIMEOUT, "t");
    range.fail(timeout);
    range.fail(timeout);
    range.fail(new EtcdException(EtcdError.PERMISSION_DENIED, "p"));
    range.onList(list(10), 1);
    range.fail(timeout);

    assertThat(heard).containsExactly("TIMEOUT", "PERMISSION_DENIED", "list", "TIMEOUT");
  }

  private boolean contradicts(RangeReader.RangeSnapshot list) {
    return range.isContradictedBy(list, 1);
  }

  private static RangeReader.RangeSnapshot list(long revision, KeyValue... records) {
    return new RangeReader.RangeSnapshot(
        ResponseHeader.newBuilder().setRevision(revision).build(), Arrays.asList(records));
  }

  private static KeyValue record(String key, long revision, long lease, String value) {
    return KeyValue.newBuilder()
        .setKey(ByteString.copyFromUtf8(key))
        .setModRevision(revision)
        .setLease(lease)
        .setValue(ByteString.copyFromUtf8(value))
        .build();
  }

  private static Event put(String key, long revision) {
    return Event.newBuilder().setKv(record(key, revision, 0, "x")).build();
  }

  private final class Heard implements RangeWatch.RangeListener {
    @Override
    public void onList(RangeReader.RangeSnapshot list, long epoch) {
      heard.add("list");
    }

    @Override
    public void onEvents(List<Event> events) {
      heard.add(
          String.join(
              " ",
              events.stream()
                  .map(e -> e.getKv().getKey().toStringUtf8() + "@" + e.getKv().getModRevision())
                  .toList()));
    }

    @Override
    public void onConfirmed() {}

    @Override
    public void onFailure(EtcdException cause) {
      heard.add(cause.error().name());
    }
  }
}
