package dev.holdfast.grpc.internal.admin;

import dev.holdfast.admin.ConnectionLog;
import dev.holdfast.admin.ProcessState;
import dev.holdfast.core.CloseReason;
import dev.holdfast.liveness.LivenessHandler;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The handler that records the begin and the end of one connection for the admin service; behind
 * the liveness handler, which knows the reason of the end.
 */
public final class ConnectionRecorder extends ChannelInboundHandlerAdapter {
  private final ConnectionLog log;
  private final boolean server;
  private final String service;
  private final @Nullable LivenessHandler liveness;
  private final Consumer<ConnectionLog.Tracked> opened;
  private ConnectionLog.@Nullable Tracked connection;

  private ConnectionRecorder(
      ConnectionLog log,
      boolean server,
      String service,
      @Nullable LivenessHandler liveness,
      Consumer<ConnectionLog.Tracked> opened) {
    this.log = log;
    this.server = server;
    this.service = service;
    this.liveness = liveness;
    this.opened = opened;
  }

  /**
   * Records a server's connection, where the process has an admin service. To be called before the
   * liveness handler is put first.
   */
  public static void ofServer(
      Channel channel, @Nullable LivenessHandler liveness, Consumer<ConnectionLog.Tracked> opened) {
    record(channel, true, "", liveness, opened);
  }

  /** The same of a client's. */
  public static void ofClient(Channel channel, String service, @Nullable LivenessHandler liveness) {
    record(channel, false, service, liveness, unused -> {});
  }

  private static void record(
      Channel channel,
      boolean server,
      String service,
      @Nullable LivenessHandler liveness,
      Consumer<ConnectionLog.Tracked> opened) {
    ProcessState.active()
        .map(
            state -> new ConnectionRecorder(state.connections(), server, service, liveness, opened))
        .ifPresent(recorder -> channel.pipeline().addFirst(recorder));
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    begin(ctx);
    ctx.fireChannelActive();
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    ConnectionLog.Tracked ended = connection;
    if (ended != null) {
      Optional<CloseReason> reason = liveness == null ? Optional.empty() : liveness.closeReason();
      if (liveness != null) {
        ended.evidence(liveness.evidence());
      }
      ended.closed(reason);
    }
    ctx.fireChannelInactive();
  }

  private void begin(ChannelHandlerContext ctx) {
    if (connection == null) {
      LivenessHandler watch = liveness;
      ConnectionLog.Tracked begun =
          log.opened(
              new ConnectionLog.Ends(
                  server,
                  service,
                  text(ctx.channel().remoteAddress()),
                  text(ctx.channel().localAddress())),
              () -> watch != null && watch.isSuspect());
      connection = begun;
      opened.accept(begun);
    }
  }

  private static String text(@Nullable SocketAddress address) {
    if (address instanceof InetSocketAddress inet && !inet.isUnresolved()) {
      String host = inet.getAddress().getHostAddress();
      return (host.indexOf(':') < 0 ? host : "[" + host + "]") + ":" + inet.getPort();
    }
    return address == null ? "" : address.toString();
  }
}
