package dev.holdfast.cli.fleet;

import com.google.protobuf.UnknownFieldSet;
import dev.holdfast.admin.rpc.AdminGrpc;
import dev.holdfast.admin.rpc.ConnectionsPage;
import dev.holdfast.admin.rpc.DrainingReport;
import dev.holdfast.admin.rpc.DrainingRequest;
import dev.holdfast.admin.rpc.ProcessReport;
import dev.holdfast.admin.rpc.ProcessRequest;
import dev.holdfast.admin.rpc.ResumableStream;
import dev.holdfast.admin.rpc.RowsRequest;
import dev.holdfast.admin.rpc.StreamsPage;
import dev.holdfast.core.HostPort;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * An admin service over loopback with the streams that a test gives it, sorted by {@code sent}; a
 * page token is the number of rows before the page. Written from the .proto file alone.
 */
public class FakeAdminServer implements AutoCloseable {
  private final Server server;
  private final List<ResumableStream> streams;
  private final List<ResumableStream> ended = new CopyOnWriteArrayList<>();
  private final List<DrainingRequest> drained = new CopyOnWriteArrayList<>();

  private FakeAdminServer(
      String id, List<ResumableStream> streams, List<MethodDescriptor<?, ?>> unknown)
      throws IOException {
    this.streams = streams;
    this.server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(without(new Rows(id), unknown))
            .build()
            .start();
  }

  /** A server with one stream for each number of sent messages. */
  public static FakeAdminServer start(String id, List<Long> sent) throws IOException {
    List<ResumableStream> streams =
        sent.stream()
            .map(
                number ->
                    ResumableStream.newBuilder()
                        .setId(id + "-" + number)
                        .setSent(number)
                        .setState("ATTACHED")
                        .build())
            .toList();
    return new FakeAdminServer(id, streams, List.of());
  }

  /** A server of a later version: its messages have a field that this one does not know. */
  static FakeAdminServer ofALaterVersion(String id) throws IOException {
    UnknownFieldSet later =
        UnknownFieldSet.newBuilder()
            .addField(99, UnknownFieldSet.Field.newBuilder().addVarint(7).build())
            .build();
    return new FakeAdminServer(
        id,
        List.of(ResumableStream.newBuilder().setId("later").setUnknownFields(later).build()),
        List.of());
  }

  /** A server of an earlier version, which does not know what streams are to be sorted by. */
  static FakeAdminServer withoutSortKeys(String id) throws IOException {
    return new FakeAdminServer(id, List.of(), List.of()) {
      @Override
      void check(RowsRequest request) {
        throw Status.INVALID_ARGUMENT
            .withDescription("sort: \"" + request.getSort() + "\" (expected: none)")
            .asRuntimeException();
      }
    };
  }

  /** A server of an earlier version, which can't list streams. */
  static FakeAdminServer withoutStreams(String id) throws IOException {
    return new FakeAdminServer(id, List.of(), List.of(AdminGrpc.getListStreamsMethod()));
  }

  private static ServerServiceDefinition without(Rows rows, List<MethodDescriptor<?, ?>> unknown) {
    ServerServiceDefinition.Builder known = ServerServiceDefinition.builder(AdminGrpc.SERVICE_NAME);
    rows.bindService().getMethods().stream()
        .filter(method -> !unknown.contains(method.getMethodDescriptor()))
        .forEach(known::addMethod);
    return known.build();
  }

  public HostPort address() {
    return new HostPort("127.0.0.1", server.getPort());
  }

  /** The requests to drain that it was sent. */
  public List<DrainingRequest> drained() {
    return drained;
  }

  /** Adds a stream that has ended. */
  public void end(ResumableStream stream) {
    ended.add(stream);
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  /** Refuses a request by the status that it throws. */
  void check(RowsRequest request) {}

  private final class Rows extends AdminGrpc.AdminImplBase {
    private final String id;

    Rows(String id) {
      this.id = id;
    }

    @Override
    public void getProcess(ProcessRequest request, StreamObserver<ProcessReport> answers) {
      answers.onNext(ProcessReport.newBuilder().setId(id).build());
      answers.onCompleted();
    }

    @Override
    public void listStreams(RowsRequest request, StreamObserver<StreamsPage> answers) {
      try {
        check(request);
      } catch (StatusRuntimeException e) {
        answers.onError(e);
        return;
      }
      answers.onNext(page(request, streams));
      answers.onCompleted();
    }

    @Override
    public void listEndedStreams(RowsRequest request, StreamObserver<StreamsPage> answers) {
      answers.onNext(page(request, ended));
      answers.onCompleted();
    }

    @Override
    public void listConnections(RowsRequest request, StreamObserver<ConnectionsPage> answers) {
      answers.onNext(ConnectionsPage.getDefaultInstance());
      answers.onCompleted();
    }

    @Override
    public void listClosedConnections(
        RowsRequest request, StreamObserver<ConnectionsPage> answers) {
      answers.onNext(ConnectionsPage.getDefaultInstance());
      answers.onCompleted();
    }

    @Override
    public void setDraining(DrainingRequest request, StreamObserver<DrainingReport> answers) {
      drained.add(request);
      answers.onNext(DrainingReport.newBuilder().addEndpoints(request.getEndpoint()).build());
      answers.onCompleted();
    }

    private StreamsPage page(RowsRequest request, List<ResumableStream> rows) {
      Comparator<ResumableStream> order = Comparator.comparing(ResumableStream::getSent);
      List<ResumableStream> sorted =
          rows.stream().sorted(request.getAscending() ? order : order.reversed()).toList();
      int begin = request.getPageToken().isEmpty() ? 0 : Integer.parseInt(request.getPageToken());
      int end = Math.min(begin + request.getPageSize(), sorted.size());
      return StreamsPage.newBuilder()
          .addAllStreams(sorted.subList(begin, end))
          .setTotal(rows.size())
          .setMatched(rows.size())
          .setNextPageToken(end < sorted.size() ? Integer.toString(end) : "")
          .build();
    }
  }
}
