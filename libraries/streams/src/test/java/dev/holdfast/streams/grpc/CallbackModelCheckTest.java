package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.lab.process.RecordedJvm;
import dev.holdfast.streams.grpc.CallbackModelCheck.Case;
import org.junit.jupiter.api.Test;

/** Threads that meet in the binding, in each order of their steps that a bounded search finds. */
class CallbackModelCheckTest {
  @Test
  void callbacksRunOneAtATimeAndNoneIsForgotten() throws Exception {
    assertThat(search(Case.CALLBACKS)).isEqualTo(CallbackModelCheck.HELD);
  }

  @Test
  void whoeverBringsAnInputAllOutputsAreDoneOnceAndInOrder() throws Exception {
    assertThat(search(Case.DRIVEN)).isEqualTo(CallbackModelCheck.HELD);
  }

  @Test
  void withoutTheQueueTheSameCallbacksAreCaughtInEachOthersWay() throws Exception {
    assertThat(search(Case.UNQUEUED)).isEqualTo(CallbackModelCheck.BROKEN);
  }

  private static String search(Case what) throws Exception {
    try (RecordedJvm search = RecordedJvm.start(CallbackModelCheck.class, what.name())) {
      return search.await(CallbackModelCheck.VERDICT);
    }
  }
}
