package dev.holdfast.streams.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.holdfast.core.testkit.ChildJvm;
import dev.holdfast.streams.grpc.MeetingThreads.Case;
import org.junit.jupiter.api.Test;

/** Threads that meet in the binding, in each order of their steps that a bounded search finds. */
class MeetingThreadsTest {
  @Test
  void callbacksRunOneAtATimeAndNoneIsForgotten() throws Exception {
    assertThat(search(Case.CALLBACKS)).isEqualTo(MeetingThreads.HELD);
  }

  @Test
  void whoeverBringsAnInputAllOutputsAreDoneOnceAndInOrder() throws Exception {
    assertThat(search(Case.DRIVEN)).isEqualTo(MeetingThreads.HELD);
  }

  @Test
  void withoutTheQueueTheSameCallbacksAreCaughtInEachOthersWay() throws Exception {
    assertThat(search(Case.UNQUEUED)).isEqualTo(MeetingThreads.BROKEN);
  }

  private static String search(Case what) throws Exception {
    try (ChildJvm search = ChildJvm.start(MeetingThreads.class, what.name())) {
      return search.await(MeetingThreads.VERDICT);
    }
  }
}
