package dev.holdfast.grpc.internal.pairing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.Endpoint;
import dev.holdfast.grpc.internal.pairing.InstanceChoice.Candidate;
import dev.holdfast.hooks.StreamLoad;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InstanceChoiceTest {
  private final Random random = new Random(1);

  @Test
  void anInstanceIsTheLikelierTheMoreItLacksOfItsShare() {
    Candidate present = new Candidate("h:1", 1, load(300), true);
    Candidate empty = new Candidate("h:1", 1, load(0), false);
    Candidate half = new Candidate("h:1", 1, load(100), false);
    int toEmpty = 0;
    for (int i = 0; i < 1_000; i++) {
      Candidate chosen = choose(false, present, empty, half).orElseThrow();
      assertThat(chosen).isNotSameAs(present);
      toEmpty += chosen.equals(empty) ? 1 : 0;
    }
    // They lack 133 and 33.
    assertThat(toEmpty).isBetween(760, 840);
  }

  @Test
  void anInstanceBelowItsShareKeepsItsStreams() {
    Candidate present = new Candidate("h:1", 1, load(10), true);
    Candidate other = new Candidate("h:1", 1, load(20), false);
    assertThat(choose(false, present, other)).isEmpty();
    assertThat(choose(true, present, other)).contains(other);
  }

  @Test
  void anOverloadedInstanceGetsNothingAndKeepsNothing() {
    Candidate overloaded = new Candidate("h:1", 1, Optional.of(new StreamLoad(0, true)), false);
    Candidate present = new Candidate("h:1", 1, load(10), true);
    Candidate other = new Candidate("h:1", 1, load(8), false);
    for (int i = 0; i < 100; i++) {
      assertThat(choose(false, present, other, overloaded)).contains(other);
    }
    Candidate leaving = new Candidate("h:1", 1, Optional.of(new StreamLoad(1, true)), true);
    Candidate even = new Candidate("h:1", 1, load(10), false);
    for (int i = 0; i < 100; i++) {
      assertThat(choose(false, leaving, overloaded, even, even))
          .as("nobody lacks any")
          .contains(even);
    }
    assertThat(choose(true, leaving, overloaded)).isEmpty();
  }

  @Test
  void aWeightIsAShare() {
    Candidate present = new Candidate("h:1", 3, load(30), true);
    Candidate other = new Candidate("h:1", 1, load(9), false);
    assertThat(choose(false, present, other)).contains(other);
    assertThat(
            choose(
                false,
                new Candidate("h:1", 3, load(29), true),
                new Candidate("h:1", 1, load(10), false)))
        .isEmpty();
  }

  @Test
  void whereNobodyPublishesALoadThePolicyChooses() {
    Candidate present = new Candidate("h:1", 1, Optional.empty(), true);
    Candidate other = new Candidate("h:1", 1, Optional.empty(), false);
    assertThat(choose(true, present, other)).isEmpty();
  }

  @Test
  void aLoadIsReadAsItWasWrittenAndNothingElseIs() {
    for (StreamLoad load : List.of(StreamLoad.NONE, new StreamLoad(12, true))) {
      assertThat(StreamLoad.of(Endpoint.of("h:1").withMetadata(load.toMetadata()))).contains(load);
    }
    for (String text : List.of("", "-1", "x", "1 over", " overloaded", "1234567890123", "１")) {
      assertThat(read(text)).as(text).isEmpty();
    }
  }

  private static Optional<StreamLoad> read(String text) {
    return StreamLoad.of(Endpoint.of("h:1").withMetadata(Map.of(StreamLoad.KEY, text)));
  }

  private static Optional<StreamLoad> load(long streams) {
    return Optional.of(new StreamLoad(streams, false));
  }

  private Optional<Candidate> choose(boolean refused, Candidate... candidates) {
    return InstanceChoice.of(List.of(candidates), refused, random);
  }
}
