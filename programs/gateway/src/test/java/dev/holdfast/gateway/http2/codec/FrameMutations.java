package dev.holdfast.gateway.http2.codec;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/**
 * Seeded mutations of frames: of a length, type, flag or number, of bytes of the payload, and of
 * what is special to HPACK. Frames that follow a changed length are read out of step.
 */
final class FrameMutations {
  private static final int HEAD_BYTES = 9;
  private static final int TYPE = 3;
  private static final int FLAGS = 4;
  private static final int NUMBER = 5;
  private static final int TYPES = 12;

  /** Numbers at the edges of what a field may hold. */
  private static final int[] EDGES = {
    0, 1, 2, 3, 5, 0x7f, 0x80, 0xff, 0x3fff, 0x4000, 0x4001, 0xffff, 0xff_ffff, 0x7fff_ffff, -1
  };

  /**
   * Bytes that mean something to HPACK: size updates, indexes out of bounds, integers that don't
   * end, Huffman codes with EOS and with bad padding.
   */
  private static final byte[][] HPACK = {
    {0x20},
    {0x3f, (byte) 0xe1, 0x1f},
    {0x3f, (byte) 0xe2, 0x1f},
    {0x3f, 0x21, 0x20},
    {(byte) 0x80},
    {(byte) 0xbe},
    {(byte) 0xff, 0x20},
    {(byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff, 0x7f},
    {0x40, 1, 'x', 1, 'y'},
    {0, 1, 'x', 1, ' '},
    {0, 1, 'X', 1, 'y'},
    {0, 1, 'x', 1, 0},
    {0, 1, 'x', (byte) 0x82, 0x1f, (byte) 0xff},
    {0, 1, 'x', (byte) 0x81, 0x18},
    {0, 1, 'x', (byte) 0x84, (byte) 0xff, (byte) 0xff, (byte) 0xff, (byte) 0xff},
    {0x0f, 0x0d, 1, '3'},
    {(byte) 0x82},
    {(byte) 0x88}
  };

  private final Random random;

  FrameMutations(Random random) {
    this.random = random;
  }

  /** The frame with one to three mutations. */
  byte[] of(byte[] frame) {
    byte[] mutated = frame;
    for (int i = random.nextInt(3); i >= 0 && mutated.length >= HEAD_BYTES; i--) {
      mutated = once(mutated.clone());
    }
    return mutated;
  }

  private byte[] once(byte[] frame) {
    switch (random.nextInt(9)) {
      case 0 -> setLength(frame, length(frame) + random.nextInt(9) - 4);
      case 1 -> setLength(frame, edge());
      case 2 -> frame[TYPE] = (byte) random.nextInt(TYPES);
      case 3 -> flip(frame, FLAGS);
      case 4 -> ByteBuffer.wrap(frame).putInt(NUMBER, edge());
      case 5 -> flip(frame, random.nextInt(frame.length));
      case 6 -> {
        return inserted(frame, HPACK[random.nextInt(HPACK.length)]);
      }
      case 7 -> setWord(frame);
      default -> {
        return cut(frame);
      }
    }
    return frame;
  }

  private int edge() {
    return EDGES[random.nextInt(EDGES.length)];
  }

  private static int length(byte[] frame) {
    return ByteBuffer.wrap(frame).getInt(0) >>> Byte.SIZE;
  }

  private static void setLength(byte[] frame, int length) {
    frame[0] = (byte) (length >> 16);
    frame[1] = (byte) (length >> 8);
    frame[2] = (byte) length;
  }

  private void flip(byte[] frame, int at) {
    frame[at] = (byte) (frame[at] ^ 1 << random.nextInt(Byte.SIZE));
  }

  /** Sets four bytes of the payload: an increment, a code, a value, or part of a block. */
  private void setWord(byte[] frame) {
    int places = frame.length - HEAD_BYTES - Integer.BYTES;
    if (places >= 0) {
      ByteBuffer.wrap(frame).putInt(HEAD_BYTES + random.nextInt(places + 1), edge());
    }
  }

  /** Inserts bytes into the payload, whose length tells of them. */
  private byte[] inserted(byte[] frame, byte[] more) {
    int at = random.nextBoolean() ? frame.length : HEAD_BYTES + random.nextInt(frame.length - 8);
    byte[] longer =
        CaseFrames.join(
            Arrays.copyOf(frame, at), more, Arrays.copyOfRange(frame, at, frame.length));
    setLength(longer, length(longer) + more.length);
    return longer;
  }

  /** Ends the payload early; its length tells so, or does not. */
  private byte[] cut(byte[] frame) {
    byte[] shorter = Arrays.copyOf(frame, HEAD_BYTES + random.nextInt(frame.length - 8));
    if (random.nextBoolean()) {
      setLength(shorter, shorter.length - HEAD_BYTES);
    }
    return shorter;
  }
}
