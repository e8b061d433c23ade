package dev.holdfast.gateway.limits;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.junit.jupiter.api.Test;

/** Who pays when memory is scarce. */
class MemoryAccountTest {
  private static final int UNIT = 65_536;

  private final GatewayMemory memory = new GatewayMemory(16 * UNIT);
  private final Queue<Runnable> tasks = new ArrayDeque<>();
  private final LoopMemory here = memory.part(tasks::add);
  private final LoopMemory there = memory.part(tasks::add);

  /** A client whose calls hold one unit each. */
  private static final class Client implements MemoryAccount.AccountOwner {
    private final MemoryAccount account;
    private final List<MetLimit> ended = new ArrayList<>();

    Client(LoopMemory loop, long limitBytes) {
      account = loop.account(limitBytes, this);
    }

    Client(LoopMemory loop) {
      this(loop, Long.MAX_VALUE);
    }

    Client holds(int units) {
      for (int i = 0; i < units; i++) {
        account.charge(UNIT);
      }
      return this;
    }

    @Override
    public void endHeaviestCall(MetLimit why) {
      ended.add(why);
      account.credit(UNIT);
    }
  }

  @Test
  void theHeaviestOfTheLoopPaysAndNobodyElse() {
    Client heavy = new Client(here).holds(12);
    Client light = new Client(here).holds(2);
    runAll();
    assertThat(heavy.ended).isEmpty();
    light.holds(3);
    runAll();
    assertThat(heavy.ended).containsExactly(MetLimit.MEMORY);
    assertThat(light.ended).isEmpty();
  }

  @Test
  void theHeaviestOfAnotherLoopPaysForOneThatHoldsLessThanItsShare() {
    Client heavy = new Client(there).holds(15);
    Client light = new Client(here).holds(3);
    runAll();
    assertThat(light.ended).isEmpty();
    assertThat(heavy.ended).isNotEmpty().containsOnly(MetLimit.MEMORY);
  }

  @Test
  void clientsThatHoldNextToNothingNeverPay() {
    List<Client> many = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Client client = new Client(here);
      client.account.charge(GatewayMemory.FREE_BYTES);
      many.add(client);
    }
    runAll();
    assertThat(many).allMatch(client -> client.ended.isEmpty());
    // Nor does who holds no more than a fair share.
    Client heavy = new Client(here).holds(16);
    runAll();
    assertThat(heavy.ended).isEmpty();
    heavy.holds(2);
    runAll();
    assertThat(heavy.ended).containsExactly(MetLimit.MEMORY, MetLimit.MEMORY);
  }

  @Test
  void aConnectionOverItsOwnLimitPaysAlone() {
    Client greedy = new Client(here, 4 * UNIT).holds(6);
    Client other = new Client(here).holds(8);
    runAll();
    assertThat(greedy.ended).containsExactly(MetLimit.CONNECTION_BYTES, MetLimit.CONNECTION_BYTES);
    assertThat(other.ended).isEmpty();
  }

  @Test
  void bytesOfACallAreThoseOfItsConnection() {
    Client client = new Client(here);
    MemoryAccount call = client.account.call();
    call.charge(3L * UNIT);
    assertThat(client.account.bytes()).isEqualTo(3L * UNIT);
    call.credit(3L * UNIT);
    assertThat(client.account.bytes()).isZero();
    assertThat(here.usedBytes()).isZero();
  }

  @Test
  void aHolderThatCanEndNothingIsAskedOnceInATurn() {
    List<MetLimit> asked = new ArrayList<>();
    MemoryAccount stuck = here.account(UNIT, asked::add);
    stuck.charge(20L * UNIT);
    runAll();
    assertThat(asked).containsExactlyInAnyOrder(MetLimit.CONNECTION_BYTES, MetLimit.MEMORY);
  }

  private void runAll() {
    for (Runnable next = tasks.poll(); next != null; next = tasks.poll()) {
      next.run();
    }
  }
}
