package dev.holdfast.cli.house.frontend;

import dev.holdfast.gateway.cluster.Cluster;
import dev.holdfast.gateway.cluster.PooledConnection;
import dev.holdfast.gateway.http1.Http1Connection;
import dev.holdfast.gateway.http2.DownstreamConnection;
import dev.holdfast.gateway.http2.codec.CallStream;
import dev.holdfast.gateway.loop.ClientConnection;
import dev.holdfast.gateway.upstream.UpstreamConnection;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Frontends that use a connection or a codec, one for each way, and one that uses neither. */
public final class NosyFrontends {
  private NosyFrontends() {}

  /** Asks a connection to an endpoint for its address. */
  public static final class HoldsUpstreamConnection {
    String address(UpstreamConnection connection) {
      return connection.address();
    }
  }

  /** Holds the connection of an HTTP/2 client. */
  public static final class HoldsDownstreamConnection {
    Optional<DownstreamConnection> connection = Optional.empty();
  }

  /** Passes connections of HTTP/1.1 clients on, in an array. */
  public static final class PassesConnectionsOfHttp1 {
    int count(Http1Connection[] connections) {
      return connections.length;
    }
  }

  /** Holds a connection of a pool. */
  public static final class HoldsConnectionOfPool {
    boolean isDraining(PooledConnection connection) {
      return connection.isDraining();
    }
  }

  /** Stands in for a client's connection. */
  public abstract static class IsClientConnection implements ClientConnection {}

  /** Asks a stream of the codec for its number. */
  public static final class AsksStream {
    int id(CallStream stream) {
      return stream.id();
    }
  }

  /** Asks the client's socket for room, past its connection. */
  public static final class AsksChannel {
    boolean hasRoom(Channel channel) {
      return channel.isWritable();
    }
  }

  /** Reads a request of Netty's HTTP/1.1 codec. */
  public static final class ReadsNettysHttp1 {
    String uri(HttpRequest request) {
      return request.uri();
    }
  }

  /** Makes the content of a frame with Netty's HTTP/2 codec. */
  public static final class SendsSettings {
    Http2Settings settings() {
      return new Http2Settings();
    }
  }

  /** Sets the headers of a call to a cluster, and a timer on its event loop. */
  public static final class MindsItsBusiness {
    Http2Headers headers(Cluster cluster) {
      return new DefaultHttp2Headers().path("/" + cluster.name()).set("via", "1.1 gateway");
    }

    ScheduledFuture<?> timer(EventLoop loop, Runnable late) {
      return loop.schedule(late, 1, TimeUnit.SECONDS);
    }
  }
}
