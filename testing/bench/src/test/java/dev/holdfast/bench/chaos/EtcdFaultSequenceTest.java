package dev.holdfast.bench.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EtcdFaultSequenceTest {
  private static final int KINDS = EtcdFault.values().length;

  @Test
  void everyKindComesOnceBeforeAnyComesAgain() {
    List<EtcdFault> drawn = draw(7, 2 * KINDS);

    assertThat(drawn.subList(0, KINDS)).containsExactlyInAnyOrder(EtcdFault.values());
    assertThat(drawn.subList(KINDS, 2 * KINDS)).containsExactlyInAnyOrder(EtcdFault.values());
  }

  @Test
  void aSeedPlaysTheSameOrderAgainAndAnotherOneAnother() {
    assertThat(draw(7, 3 * KINDS)).isEqualTo(draw(7, 3 * KINDS)).isNotEqualTo(draw(8, 3 * KINDS));
  }

  private static List<EtcdFault> draw(long seed, int count) {
    EtcdFaultSequence deck = new EtcdFaultSequence(new Random(seed));
    return Stream.generate(deck::next).limit(count).toList();
  }
}
