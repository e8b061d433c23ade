package dev.holdfast.streams.grpc;

import dev.holdfast.hooks.HeaderedMarshaller;
import dev.holdfast.hooks.ServerHooks;
import dev.holdfast.streams.grpc.internal.message.HandshakeMetadata;
import dev.holdfast.streams.grpc.internal.message.SessionFrame;
import dev.holdfast.streams.wire.FrameHeader;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.InputStream;

/** The request marshaller of a server's resumable method, by which the server finds its streams. */
final class ServingMarshaller implements Marshaller<SessionFrame>, HeaderedMarshaller {
  private final ServerStreams streams;

  ServingMarshaller(ServerStreams streams) {
    this.streams = streams;
  }

  @Override
  public InputStream stream(SessionFrame sessionFrame) {
    return SessionFrame.MARSHALLER.stream(sessionFrame);
  }

  @Override
  public SessionFrame parse(InputStream stream) {
    return SessionFrame.MARSHALLER.parse(stream);
  }

  @Override
  public int headerBytes() {
    return FrameHeader.LARGEST_HEADER_BYTES;
  }

  @Override
  public int metadataBytes() {
    return HandshakeMetadata.LARGEST_BYTES;
  }

  @Override
  public void onServing(ServerHooks host) {
    streams.onServing(host);
  }
}
