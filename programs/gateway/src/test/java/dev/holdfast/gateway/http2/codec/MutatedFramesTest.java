package dev.holdfast.gateway.http2.codec;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http2.Http2CodecUtil;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Our codec does with mutated frames what Netty's does, in both roles. A failure tells its seed:
 * {@code -Dholdfast.codec.first-seed} begins with it, {@code -Dholdfast.codec.seeds} tells how many
 * follow.
 */
class MutatedFramesTest {
  private static final long FIRST_SEED = Long.getLong("holdfast.codec.first-seed", 0);
  private static final int SEEDS = Integer.getInteger("holdfast.codec.seeds", 600);
  private static final int STEPS = 40;

  /** The number of frames of which one is mutated, on average. */
  private static final int SOUND = 4;

  private static final byte[] SETTINGS = CaseFrames.settings();

  /** Which stream gets the last bytes of a connection's window is everybody's own choice. */
  private static final byte[] WIDE_CONNECTION = CaseFrames.windowUpdate(0, 0x40_0000);

  @Test
  void serversDoTheSame() throws Exception {
    byte[] preface = ByteBufUtil.getBytes(Http2CodecUtil.connectionPrefaceBuf());
    int gone = 0;
    for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      Random random = new Random(seed);
      FrameMutations mutations = new FrameMutations(random);
      RandomFrames client = new RandomFrames(random);
      RepeatedFrames repeated = new RepeatedFrames(random, true);
      try (CodecPair pair = CodecPair.ofServers()) {
        pair.feed(CaseFrames.join(preface, SETTINGS, WIDE_CONNECTION), "seed " + seed);
        for (int step = 0; step < STEPS && !pair.isOver(); step++) {
          byte[] frame = seed % 2 == 0 ? bytes(client.next()) : repeated.next(0);
          pair.feed(maybe(mutations, random, frame), "seed " + seed + ", step " + step);
        }
        gone += pair.isOver() ? 1 : 0;
      }
    }
    assertThat(gone).as("connections that met their end").isBetween(SEEDS / 4, SEEDS);
  }

  @Test
  void clientsDoTheSame() throws Exception {
    int gone = 0;
    for (long seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      Random random = new Random(seed);
      FrameMutations mutations = new FrameMutations(random);
      RandomAnswers server = new RandomAnswers(random);
      RepeatedFrames repeated = new RepeatedFrames(random, false);
      try (CodecPair pair = CodecPair.ofClients()) {
        int requests = 0;
        pair.feed(CaseFrames.join(SETTINGS, WIDE_CONNECTION), "seed " + seed);
        for (int step = 0; step < STEPS && !pair.isOver(); step++) {
          if (random.nextInt(3) == 0) {
            requests += pair.request(random.nextInt(2) * random.nextInt(40_000)) ? 1 : 0;
          }
          byte[] frame = seed % 2 == 0 ? bytes(server.next(requests)) : repeated.next(requests);
          pair.feed(maybe(mutations, random, frame), "seed " + seed + ", step " + step);
        }
        gone += pair.isOver() ? 1 : 0;
      }
    }
    assertThat(gone).as("connections that met their end").isBetween(SEEDS / 4, SEEDS);
  }

  private static byte[] bytes(ByteBuf frame) {
    byte[] bytes = ByteBufUtil.getBytes(frame);
    frame.release();
    return bytes;
  }

  private static byte[] maybe(FrameMutations mutations, Random random, byte[] frame) {
    return random.nextInt(SOUND) == 0 ? mutations.of(frame) : frame;
  }
}
