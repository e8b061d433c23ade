package dev.holdfast.admin;

import dev.holdfast.admin.rpc.AdminGrpc;
import dev.holdfast.admin.rpc.Connection;
import dev.holdfast.admin.rpc.ConnectionsPage;
import dev.holdfast.admin.rpc.DrainingReport;
import dev.holdfast.admin.rpc.DrainingRequest;
import dev.holdfast.admin.rpc.FailedCalls;
import dev.holdfast.admin.rpc.ProcessReport;
import dev.holdfast.admin.rpc.ProcessRequest;
import dev.holdfast.admin.rpc.ResumableStream;
import dev.holdfast.admin.rpc.RowsRequest;
import dev.holdfast.admin.rpc.StreamsPage;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * The service {@code holdfast.admin.v1.Admin} of a process. Who may read, and who may change
 * something, is decided by {@link AdminAccess}. Its threads must not be those of event loops.
 */
public final class AdminService extends AdminGrpc.AdminImplBase {
  private final ProcessState state;
  private final StreamPages streamPages;

  public AdminService(ProcessState state) {
    this.state = state;
    this.streamPages =
        new StreamPages(state, AdminService::selection, AdminService::streamsMessage);
  }

  @Override
  public void getProcess(ProcessRequest request, StreamObserver<ProcessReport> answers) {
    answer(answers, this::report);
  }

  @Override
  public void listConnections(RowsRequest request, StreamObserver<ConnectionsPage> answers) {
    answer(
        answers, () -> connections(AdminTables.CONNECTIONS, request, state.connections().open()));
  }

  @Override
  public void listClosedConnections(RowsRequest request, StreamObserver<ConnectionsPage> answers) {
    answer(
        answers,
        () -> connections(AdminTables.CLOSED_CONNECTIONS, request, state.connections().closed()));
  }

  @Override
  public void listStreams(RowsRequest request, StreamObserver<StreamsPage> answers) {
    answer(answers, () -> streamPages.page(request));
  }

  @Override
  public void listEndedStreams(RowsRequest request, StreamObserver<StreamsPage> answers) {
    answer(
        answers,
        () ->
            streamsMessage(
                    AdminTables.ENDED_STREAMS.select(selection(request), state.endedStreams()))
                .build());
  }

  @Override
  public void setDraining(DrainingRequest request, StreamObserver<DrainingReport> answers) {
    answer(
        answers,
        () -> {
          List<String> marked = state.setDraining(request.getDraining(), request.getEndpoint());
          if (marked.isEmpty()) {
            throw new IllegalArgumentException(
                "endpoint: "
                    + (request.getEndpoint().isEmpty() ? "none" : request.getEndpoint())
                    + " (expected: one that this process has registered"
                    + state.registeredText()
                    + ")");
          }
          return DrainingReport.newBuilder().addAllEndpoints(marked).build();
        });
  }

  private <A> void answer(StreamObserver<A> answers, Supplier<A> work) {
    A answer;
    try {
      answer = work.get();
    } catch (IllegalArgumentException e) {
      answers.onError(Status.INVALID_ARGUMENT.withDescription(e.getMessage()).asRuntimeException());
      return;
    }
    answers.onNext(answer);
    answers.onCompleted();
  }

  private ProcessReport report() {
    ConnectionLog connections = state.connections();
    return ProcessReport.newBuilder()
        .setId(state.id())
        .setPid(ProcessHandle.current().pid())
        .setNowMs(state.nowMillis())
        .setStartedMs(state.startedMillis())
        .setVersion(
            Objects.requireNonNullElse(
                AdminService.class.getPackage().getImplementationVersion(), ""))
        .setJava(Runtime.version().toString())
        .setOpenConnections(connections.openCount())
        .setClosedConnections(connections.closedCount())
        .setUnlistedConnections(connections.unlistedCount())
        .setOpenStreams(state.openStreamCount())
        .setEndedStreams(state.endedStreamCount())
        .addAllFailedCalls(state.failures().all().stream().map(AdminService::message).toList())
        .build();
  }

  private static FailedCalls message(CallFailureCounts.FailedCount count) {
    return FailedCalls.newBuilder()
        .setRole(count.server() ? "server" : "client")
        .setService(count.service())
        .setCode(count.code().name())
        .setCalls(count.calls())
        .build();
  }

  private static ConnectionsPage connections(
      RowTable<ConnectionRow> table, RowsRequest request, List<ConnectionRow> rows) {
    RowTable.RowPage<ConnectionRow> page = table.select(selection(request), rows);
    ConnectionsPage.Builder answer =
        ConnectionsPage.newBuilder()
            .setTotal(page.total())
            .setMatched(page.matched())
            .setNextPageToken(page.next());
    page.rows().forEach(row -> answer.addConnections(message(row)));
    return answer.build();
  }

  private static StreamsPage.Builder streamsMessage(RowTable.RowPage<StreamRow> page) {
    StreamsPage.Builder answer =
        StreamsPage.newBuilder()
            .setTotal(page.total())
            .setMatched(page.matched())
            .setNextPageToken(page.next());
    page.rows().forEach(row -> answer.addStreams(message(row)));
    return answer;
  }

  private static RowSelection selection(RowsRequest request) {
    return new RowSelection(
        request.getPageSize(),
        request.getPageToken(),
        request.getSort(),
        request.getAscending(),
        request.getFiltersList());
  }

  private static Connection message(ConnectionRow row) {
    Connection.Builder message =
        Connection.newBuilder()
            .setId(row.id())
            .setRole(row.role())
            .setService(row.service())
            .setPeer(row.peer())
            .setLocal(row.local())
            .setOpenedMs(row.openedMillis())
            .setAgent(row.agent())
            .setProtocol(row.protocol())
            .setSuspect(row.suspect())
            .setAgeMs(row.ageMillis())
            .setClosedMs(row.closedMillis())
            .setCode(row.code());
    ConnectionRow.ConnectionEnd end = row.end();
    if (end != null) {
      message.setEvidence(end.evidence());
      end.reason()
          .ifPresent(reason -> message.setReason(reason.name()).setExplanation(reason.sentence()));
    }
    return message.build();
  }

  private static ResumableStream message(StreamRow row) {
    return ResumableStream.newBuilder()
        .setId(row.status().id())
        .setRole(row.role())
        .setPeer(row.peer())
        .setPrincipal(row.principal())
        .setMethod(row.method())
        .setState(row.status().state())
        .setResumes(row.resumes())
        .setLastCause(row.lastCause())
        .setQueuedBytes(row.status().queuedBytes())
        .setSent(row.status().positions().sent())
        .setAcked(row.status().positions().acked())
        .setProcessed(row.status().positions().processed())
        .setDuplicates(row.status().positions().duplicates())
        .setUnacked(row.unacked())
        .setUnackedMs(row.status().times().unackedMillis())
        .setAgeMs(row.status().times().ageMillis())
        .setUnchangedMs(row.status().times().unchangedMillis())
        .setEndedMs(row.endedMillis())
        .setEnd(row.end())
        .setLost(row.lost())
        .build();
  }
}
