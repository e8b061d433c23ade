package dev.holdfast.gateway;

import dev.holdfast.gateway.listener.ListenerOptions;
import dev.holdfast.gateway.tls.TlsContexts;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.ApplicationProtocolConfig;
import io.netty.handler.ssl.ApplicationProtocolConfig.Protocol;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectedListenerFailureBehavior;
import io.netty.handler.ssl.ApplicationProtocolConfig.SelectorFailureBehavior;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import javax.net.ssl.SSLSocket;

/** The transport by which clients of a test reach a gateway that listens for both. */
enum Transport {
  PLAINTEXT,
  TLS;

  /** Makes keys once for all tests of a process. */
  private static final class Keys {
    static final TlsRig RIG = rig();

    private static TlsRig rig() {
      try {
        Path folder = Files.createTempDirectory("transport");
        folder.toFile().deleteOnExit();
        return new TlsRig(folder);
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** The listeners of a gateway: one over plaintext, and behind it one over this transport. */
  List<ListenerOptions> listeners(GatewayRig rig) {
    ListenerOptions plain = ListenerOptions.plaintext(TlsRig.loopback());
    if (this == PLAINTEXT) {
      return List.of(plain);
    }
    try {
      TlsContexts ring = rig.closing(TlsContexts.open(rig.meters));
      TlsRig keys = Keys.RIG;
      var tls = ring.server(keys.plain(TlsRig.identity(keys.issue())));
      return List.of(plain, ListenerOptions.tls(TlsRig.loopback(), tls));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The address at which a gateway listens for this transport. */
  InetSocketAddress address(Gateway gateway) {
    return gateway.addresses().get(this == TLS ? 1 : 0);
  }

  /** A socket of a client of HTTP/1.1 or a client that knows that HTTP/2 is spoken. */
  Socket socket(InetSocketAddress at) throws IOException {
    return over(new Socket(at.getAddress(), at.getPort()), "");
  }

  /** As above, of a client that sends much, with {@link TlsRig#CHEAP_CIPHER}. */
  Socket bulkSocket(InetSocketAddress at, String protocol) throws IOException {
    return over(new Socket(at.getAddress(), at.getPort()), protocol, TlsRig.CHEAP_CIPHER);
  }

  /** As above, of a client of HTTP/2. */
  Socket http2Socket(InetSocketAddress at) throws IOException {
    return over(new Socket(at.getAddress(), at.getPort()), "h2");
  }

  /** A socket that holds next to nothing of what is not read. */
  Socket deafSocket(InetSocketAddress at, String protocol) throws IOException {
    Socket socket = new Socket();
    socket.setReceiveBufferSize(4_096);
    socket.connect(at);
    return over(socket, protocol);
  }

  private Socket over(Socket plain, String protocol, String... ciphers) throws IOException {
    plain.setSoTimeout((int) Duration.ofSeconds(GatewayRig.PATIENCE_SECONDS).toMillis());
    if (this == PLAINTEXT) {
      return plain;
    }
    try {
      SSLSocket socket = Keys.RIG.over(plain, protocol, ciphers);
      // Or its end would wait for a thread that writes.
      socket.setSoLinger(true, 0);
      return socket;
    } catch (IOException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** The first handler of a client's channel, for this protocol. */
  ChannelHandler handler(String protocol) {
    if (this == PLAINTEXT) {
      return new ChannelInboundHandlerAdapter();
    }
    try {
      return SslContextBuilder.forClient()
          .sslProvider(SslProvider.JDK)
          .trustManager(Keys.RIG.trusted())
          .endpointIdentificationAlgorithm(null)
          .applicationProtocolConfig(
              new ApplicationProtocolConfig(
                  Protocol.ALPN,
                  SelectorFailureBehavior.NO_ADVERTISE,
                  SelectedListenerFailureBehavior.ACCEPT,
                  protocol))
          .build()
          .newHandler(ByteBufAllocator.DEFAULT);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
