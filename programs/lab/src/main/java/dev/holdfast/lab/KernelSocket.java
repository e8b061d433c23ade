package dev.holdfast.lab;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.unix.IntegerUnixChannelOption;
import io.netty.channel.unix.RawUnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The kernel socket options that let a user-space middlebox act like one on the path. A filter
 * makes a socket deaf, so that the peer's segments are not even acknowledged. Counters show
 * segments without bytes.
 *
 * <p>Linux with epoll only; elsewhere each method returns that it could not. Needs no privileges.
 */
final class KernelSocket {
  private static final Logger log = LoggerFactory.getLogger(KernelSocket.class);

  // <linux/tcp.h>: tcpi_segs_in follows eight bytes, 24 words and four double words.
  private static final RawUnixChannelOption TCP_INFO =
      new RawUnixChannelOption("TCP_INFO", 6, 11, 192);
  private static final int SEGS_IN_OFFSET = 140;
  // <linux/sock_diag.h>: nine words, the last one counts what the filter threw away.
  private static final RawUnixChannelOption SO_MEMINFO =
      new RawUnixChannelOption("SO_MEMINFO", 1, 55, 36);
  private static final int DROPS_OFFSET = 32;
  // <linux/filter.h>: struct sock_fprog is a count and a pointer, struct sock_filter eight bytes.
  private static final int PROGRAM_HEAD_BYTES = 16;
  private static final RawUnixChannelOption SO_ATTACH_FILTER =
      new RawUnixChannelOption("SO_ATTACH_FILTER", 1, 26, PROGRAM_HEAD_BYTES);
  private static final IntegerUnixChannelOption SO_DETACH_FILTER =
      new IntegerUnixChannelOption("SO_DETACH_FILTER", 1, 27);
  private static final int INSTRUCTION_BYTES = 8;
  private static final int BPF_RET = 6;

  private KernelSocket() {}

  /**
   * Makes the kernel drop every segment for this socket before processing: no acknowledgement, no
   * window update, no FIN. On a listening socket, connection attempts get no answer.
   *
   * @return whether that was possible
   */
  static boolean attachDropFilter(Channel channel) {
    if (!isEpoll(channel) || !channel.isOpen()) {
      return false;
    }
    ByteBuf program = Unpooled.directBuffer(INSTRUCTION_BYTES);
    try {
      if (!program.hasMemoryAddress()) {
        return false;
      }
      // One instruction: accept 0 bytes of whatever comes.
      program.writeShortLE(BPF_RET).writeByte(0).writeByte(0).writeIntLE(0);
      ByteBuffer head =
          ByteBuffer.allocateDirect(PROGRAM_HEAD_BYTES).order(ByteOrder.nativeOrder());
      head.putShort(0, (short) 1).putLong(8, program.memoryAddress());
      return channel.config().setOption(SO_ATTACH_FILTER, head);
    } catch (ChannelException e) {
      log.warn("event=lab_filter_not_attached", e);
      return false;
    } finally {
      program.release();
    }
  }

  /**
   * Ends {@link #attachDropFilter}: segments that the peer's kernel retransmits are received.
   *
   * @return whether that was possible
   */
  static boolean detachDropFilter(Channel channel) {
    if (!isEpoll(channel) || !channel.isOpen()) {
      return false;
    }
    try {
      return channel.config().setOption(SO_DETACH_FILTER, 0);
    } catch (ChannelException e) {
      log.warn("event=lab_filter_not_detached", e);
      return false;
    }
  }

  /**
   * The number of segments received so far, with bytes or without; -1 when the kernel does not
   * report it.
   */
  static long segmentsIn(SocketChannel channel) {
    return word(channel, TCP_INFO, SEGS_IN_OFFSET);
  }

  /**
   * The number of segments that the filter has dropped so far; -1 when the kernel does not report
   * it.
   */
  static long segmentsDropped(SocketChannel channel) {
    return word(channel, SO_MEMINFO, DROPS_OFFSET);
  }

  private static boolean isEpoll(Channel channel) {
    return channel instanceof EpollSocketChannel || channel instanceof EpollServerSocketChannel;
  }

  private static long word(SocketChannel channel, RawUnixChannelOption option, int offset) {
    if (!(channel instanceof EpollSocketChannel epoll) || !channel.isOpen()) {
      return -1;
    }
    try {
      ByteBuffer info = epoll.config().getOption(option);
      return info == null ? -1 : info.order(ByteOrder.nativeOrder()).getInt(offset) & 0xffff_ffffL;
    } catch (ChannelException e) {
      log.debug("event=lab_socket_option_refused option={}", option, e);
      return -1;
    }
  }
}
