package dev.holdfast.gateway.handover;

import dev.holdfast.core.IoErrorText;
import dev.holdfast.core.annotation.Limit;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.unix.DomainSocketReadMode;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.PeerCredentials;
import io.netty.handler.codec.LengthFieldBasedFrameDecoder;
import io.netty.util.ReferenceCountUtil;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;

/**
 * The handover protocol between two gateways on a Unix socket, for a thread that may block.
 *
 * <p>A message has one byte of version, one of kind, two of the length, then a text in UTF-8. The
 * frame never changes, so any two versions can refuse each other in clear text. Each side sends
 * only in its turn. The new process asks (ASK). The old one lists its addresses (LIST). The new one
 * signals that it is ready for descriptors (SEND), and the old one sends the sockets. The new one
 * says that it serves (SERVING), and the old one says that it drains (LEAVING). REFUSED ends the
 * protocol at any point.
 *
 * <p>A new process that can relay readers of resumable streams says so in its ASK ({@link
 * #RELAYS_READERS}). Then LIST has a line more for the socket of each process that has such streams
 * ({@link #READERS}).
 */
final class HandoverConnection extends ChannelInboundHandlerAdapter implements AutoCloseable {
  /** The text of an ASK whose process can relay readers; an earlier release ignores it. */
  static final String RELAYS_READERS = "readers";

  /** The beginning of a line of LIST that names a socket for readers. */
  static final String READERS = "readers ";

  /** The version of the protocol behind the frame. */
  static final int VERSION = 1;

  @Limit(
      of = "time that a gateway which hands over, or takes over, waits for an answer",
      then = "nothing is handed over: the older one goes on, the newer one ends with an error")
  static final Duration ANSWER = Duration.ofSeconds(10);

  @Limit(
      of = "bytes of a message between gateways that hand over",
      then = "a longer one ends the conversation; the older gateway goes on")
  static final int MAX_MESSAGE_BYTES = 8_192;

  @Limit(
      of = "sockets that are handed over",
      then = "with more nothing is handed over; the older gateway goes on")
  static final int MAX_SOCKETS = 64;

  private static final int LENGTH_AT = 2;
  private static final int LENGTH_BYTES = 2;
  private static final Object END = new Object();
  private static final String CLOSED = "the other process closed the connection";

  /** The message kinds of the protocol. */
  enum HandoverMessage {
    ASK('A'),
    LIST('L'),
    SEND('F'),
    SERVING('S'),
    LEAVING('D'),
    REFUSED('N');

    private final char letter;

    HandoverMessage(char letter) {
      this.letter = letter;
    }
  }

  private final EpollDomainSocketChannel channel;
  // All descriptors at once, a message, and the end.
  private final BlockingQueue<Object> incoming = new ArrayBlockingQueue<>(MAX_SOCKETS + 2);

  /** Adds the frame decoder and this handler to the pipeline of a channel. */
  HandoverConnection(EpollDomainSocketChannel channel) {
    this.channel = channel;
    channel
        .pipeline()
        .addLast(new LengthFieldBasedFrameDecoder(MAX_MESSAGE_BYTES, LENGTH_AT, LENGTH_BYTES))
        .addLast(this);
  }

  /**
   * The uid and pid of the peer, from the kernel.
   *
   * @throws HandoverException when the connection is closed
   */
  PeerCredentials peer() throws HandoverException, InterruptedException {
    try {
      // Its thread also closes it: on another one the descriptor may be another file's by now.
      return channel
          .eventLoop()
          .submit(this::credentials)
          .get()
          .orElseThrow(() -> HandoverException.gone(CLOSED));
    } catch (ExecutionException | RejectedExecutionException e) {
      throw HandoverException.gone(CLOSED + ": " + e.getMessage());
    }
  }

  private Optional<PeerCredentials> credentials() throws IOException {
    return channel.isOpen() ? Optional.of(channel.peerCredentials()) : Optional.empty();
  }

  void send(HandoverMessage handoverMessage, String text) throws HandoverException {
    send(VERSION, handoverMessage, text);
  }

  /** Sends a message with any version, as another release would. */
  void send(int version, HandoverMessage handoverMessage, String text) throws HandoverException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > MAX_MESSAGE_BYTES - LENGTH_AT - LENGTH_BYTES) {
      throw HandoverException.of("a message of " + bytes.length + " bytes");
    }
    ByteBuf message = channel.alloc().buffer();
    message
        .writeByte(version)
        .writeByte(handoverMessage.letter)
        .writeShort(bytes.length)
        .writeBytes(bytes);
    written(channel.writeAndFlush(message));
  }

  void sendDescriptor(FileDescriptor descriptor) throws HandoverException {
    written(channel.writeAndFlush(descriptor));
  }

  /** Switches reading between descriptors and messages. Nothing may be in flight. */
  void expectDescriptors(boolean descriptors) throws InterruptedException {
    // On its thread: what is being read there ends in the mode in which it began.
    channel
        .eventLoop()
        .submit(
            () ->
                channel
                    .config()
                    .setReadMode(
                        descriptors
                            ? DomainSocketReadMode.FILE_DESCRIPTORS
                            : DomainSocketReadMode.BYTES))
        .sync();
  }

  /**
   * Waits for a message of one kind, up to {@link #ANSWER}.
   *
   * @return its text
   * @throws HandoverException on another kind such as a refusal, another version, a timeout, or a
   *     closed connection
   */
  String receive(HandoverMessage expected) throws HandoverException, InterruptedException {
    ByteBuf message = (ByteBuf) next(ByteBuf.class);
    try {
      int version = message.readUnsignedByte();
      char letter = (char) message.readUnsignedByte();
      String text =
          new String(ByteBufUtil.getBytes(message.skipBytes(LENGTH_BYTES)), StandardCharsets.UTF_8);
      if (letter == HandoverMessage.REFUSED.letter) {
        throw HandoverException.of("refused: " + text);
      }
      if (version != VERSION) {
        throw HandoverException.of(
            "version: " + version + " of the handover (expected: " + VERSION + ")");
      }
      if (letter != expected.letter) {
        throw HandoverException.of("message: " + letter + " (expected: " + expected.letter + ")");
      }
      return text;
    } finally {
      message.release();
    }
  }

  FileDescriptor receiveDescriptor() throws HandoverException, InterruptedException {
    return (FileDescriptor) next(FileDescriptor.class);
  }

  private Object next(Class<?> type) throws HandoverException, InterruptedException {
    Object next = incoming.poll(ANSWER.toNanos(), TimeUnit.NANOSECONDS);
    if (next == null) {
      throw HandoverException.of("no answer within " + ANSWER.toSeconds() + "s");
    }
    if (next == END) {
      throw HandoverException.gone(CLOSED);
    }
    if (!type.isInstance(next)) {
      release(next);
      throw HandoverException.of(
          "a message instead of a descriptor, or a descriptor instead of a message");
    }
    return next;
  }

  private static void written(ChannelFuture written) throws HandoverException {
    if (!written.awaitUninterruptibly(ANSWER.toMillis())) {
      throw HandoverException.of("not taken within " + ANSWER.toSeconds() + "s");
    }
    if (!written.isSuccess()) {
      throw HandoverException.gone(CLOSED + ": " + IoErrorText.of(written.cause()));
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (!incoming.offer(message)) {
      release(message);
      var unused = ctx.close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    end();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // A message that is too long, or a socket that failed: both end the conversation.
    var unused = ctx.close();
  }

  private void end() {
    while (!incoming.offer(END)) {
      release(incoming.poll());
    }
  }

  /** Ends the exchange from another thread than the one that blocks in it. */
  void abort() {
    channel.close().awaitUninterruptibly();
  }

  /** Closes the connection and the received descriptors that were not taken. */
  @Override
  public void close() {
    channel.close().awaitUninterruptibly();
    for (Object left = incoming.poll(); left != null; left = incoming.poll()) {
      release(left);
    }
  }

  private static void release(Object message) {
    if (message instanceof FileDescriptor descriptor) {
      try {
        descriptor.close();
      } catch (IOException e) {
        throw new IllegalStateException("descriptor " + descriptor + " can't be closed", e);
      }
    } else if (message != END) {
      ReferenceCountUtil.release(message);
    }
  }
}
