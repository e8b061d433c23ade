package dev.holdfast.bench.events;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.EventLoop;
import io.netty.channel.epoll.EpollSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * A browser with one HTTP/2 connection to the gateway, which carries all its EventSources. After a
 * GOAWAY, or the end of the connection, the next request opens another one. Confined to its event
 * loop.
 */
final class Browser {
  private final EventLoop loop;
  private final InetSocketAddress server;

  /** Readers that wait for the connection. */
  private final Queue<EventSourceReader> waiting = new ArrayDeque<>();

  private @Nullable BrowserConnection current;
  private boolean isConnecting;

  /**
   * Creates a browser without a connection.
   *
   * @param port of the gateway, at loopback
   */
  Browser(EventLoop loop, int port) {
    this.loop = loop;
    this.server = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  EventLoop loop() {
    return loop;
  }

  /** Sends a request for events on the connection, or on the next one. */
  void ask(EventSourceReader reader) {
    BrowserConnection open = current;
    if (open != null) {
      open.ask(reader);
      return;
    }
    waiting.add(reader);
    if (!isConnecting) {
      isConnecting = true;
      connect();
    }
  }

  private void connect() {
    BrowserConnection connection = new BrowserConnection(this);
    var unused =
        new Bootstrap()
            .group(loop)
            .channel(EpollSocketChannel.class)
            .handler(
                new ChannelInitializer<>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    connection.begin(channel);
                  }
                })
            .connect(server)
            .addListener(
                connected -> {
                  isConnecting = false;
                  if (connected.isSuccess()) {
                    current = connection;
                    for (int i = waiting.size(); i > 0; i--) {
                      connection.ask(waiting.remove());
                    }
                  } else {
                    for (int i = waiting.size(); i > 0; i--) {
                      waiting.remove().onEnd();
                    }
                  }
                });
  }

  /** The connection takes no more requests. */
  void onLeaving(BrowserConnection connection) {
    if (current == connection) {
      current = null;
    }
  }
}
