package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.StringValue;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Streams that move because of their age while their instance is well, and streams that stay. */
class StreamMovesTest {
  private static final Duration QUICK_AGE = Duration.ofMillis(1_500);

  private final MovingFleet fleet = new MovingFleet();

  @AfterEach
  void close() throws Exception {
    fleet.close();
  }

  @Test
  void streamOfTheMaximumAgeGoesOnAtAnotherInstanceAndLosesNothing() throws Exception {
    fleet.serve("a", durable -> durable.maxStreamAge(QUICK_AGE));
    fleet.serve("b", durable -> durable.maxStreamAge(QUICK_AGE));
    RecordingObserver answers = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(fleet.channel(), answers);

    int sent = MovingFleet.talkUntil(requests, answers, () -> fleet.moved("age") >= 3);
    requests.onCompleted();

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(MovingFleet.numbers(answers)).isEqualTo(IntStream.range(0, sent).boxed().toList());
    assertThat(MovingFleet.places(answers)).contains("a", "b");
  }

  @Test
  void streamThatOnlyItsInstanceKnowsStaysWhateverItsAge() throws Exception {
    for (String name : List.of("a", "b")) {
      fleet.serve(name, fleet.topology.serverStreams().maxStreamAge(QUICK_AGE).build());
    }
    RecordingObserver answers = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(fleet.channel(), answers);
    int sent =
        MovingFleet.talkUntil(
            requests, answers, () -> fleet.isOlderThan(QUICK_AGE.multipliedBy(3)));
    requests.onCompleted();

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(MovingFleet.numbers(answers)).hasSize(sent);
    assertThat(MovingFleet.places(answers).stream().distinct()).hasSize(1);
    assertThat(fleet.attachments()).isEqualTo(1);
  }

  @Test
  void streamWithACursorGoesOnAtAnotherInstanceWithoutAStoreAndLosesNothing() throws Exception {
    fleet.serveCursors("a", memory -> memory.maxStreamAge(QUICK_AGE));
    fleet.serveCursors("b", memory -> memory.maxStreamAge(QUICK_AGE));
    RecordingObserver answers = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(fleet.channel(), answers);

    int sent = MovingFleet.talkUntil(requests, answers, () -> fleet.moved("age") >= 3);
    requests.onCompleted();

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(MovingFleet.numbers(answers)).isEqualTo(IntStream.range(0, sent).boxed().toList());
    assertThat(MovingFleet.places(answers)).contains("a", "b");
  }

  @Test
  void streamWithACursorAndTheStickyHeaderStays() throws Exception {
    fleet.serveCursors("a", memory -> memory.maxStreamAge(QUICK_AGE).stickyHeader("device"));
    fleet.serveCursors("b", memory -> memory.maxStreamAge(QUICK_AGE).stickyHeader("device"));
    aStickyStreamStays();
  }

  @Test
  void streamWithTheStickyHeaderStays() throws Exception {
    fleet.serve("a", durable -> durable.maxStreamAge(QUICK_AGE).stickyHeader("device"));
    fleet.serve("b", durable -> durable.maxStreamAge(QUICK_AGE).stickyHeader("device"));
    aStickyStreamStays();
  }

  private void aStickyStreamStays() {
    RecordingObserver answers = new RecordingObserver();
    StreamObserver<StringValue> requests =
        StreamTopology.open(
            fleet.channel(MetadataUtils.newAttachHeadersInterceptor(MovingFleet.stickyHeaders())),
            answers);
    MovingFleet.talkUntil(requests, answers, () -> fleet.isOlderThan(QUICK_AGE.multipliedBy(3)));

    assertThat(MovingFleet.places(answers).stream().distinct()).hasSize(1);
    assertThat(fleet.attachments()).isEqualTo(1);
  }

  @Test
  void streamWithNowhereElseToGoStays() throws Exception {
    fleet.serve("a", durable -> durable.maxStreamAge(QUICK_AGE));
    RecordingObserver answers = new RecordingObserver();
    StreamObserver<StringValue> requests = StreamTopology.open(fleet.channel(), answers);
    int sent = MovingFleet.talkUntil(requests, answers, () -> fleet.attachments() == 2);
    requests.onCompleted();

    assertThat(answers.awaitEnd()).isEqualTo(Status.OK);
    assertThat(MovingFleet.numbers(answers)).isEqualTo(IntStream.range(0, sent).boxed().toList());
    assertThat(fleet.moved("age")).isZero();
  }

  @Test
  void stickyStreamsStayWhileTheOthersOfAnOverloadedInstanceLeave() throws Exception {
    AtomicBoolean overloaded = new AtomicBoolean();
    fleet.serve("a", durable -> durable.rebalance(overloaded::get).stickyHeader("device"));
    ManagedChannel loose = fleet.channel();
    ManagedChannel sticky =
        fleet.channel(MetadataUtils.newAttachHeadersInterceptor(MovingFleet.stickyHeaders()));
    List<RecordingObserver> all = new ArrayList<>();
    List<StreamObserver<StringValue>> requests = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      RecordingObserver answers = new RecordingObserver();
      requests.add(StreamTopology.open(i % 2 == 0 ? sticky : loose, answers));
      all.add(answers);
    }
    int sent = MovingFleet.talk(requests, all, 0);
    fleet.aged.age(StreamMoves.LEAST_STAY);
    overloaded.set(true);
    fleet.serve("b", durable -> durable.rebalance().stickyHeader("device"));
    // If sticky streams went too, these would hardly be the three others.
    sent = MovingFleet.talkUntil(requests, all, sent, () -> fleet.attached("b") == 3);
    int begun = sent;
    sent = MovingFleet.talk(requests, all, sent);

    for (int i = 0; i < all.size(); i++) {
      RecordingObserver answers = all.get(i);
      assertThat(MovingFleet.numbers(answers)).isEqualTo(IntStream.range(0, sent).boxed().toList());
      List<String> last = MovingFleet.places(answers).subList(begun, sent);
      assertThat(last).containsOnly(i % 2 == 0 ? "a" : "b");
    }
  }
}
