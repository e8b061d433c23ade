package dev.holdfast.registry.etcd;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import dev.holdfast.core.Scheduler;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.LoggerFactory;

/** What this room says while it is open, in one test although others may run beside it. */
final class CapturedLogs implements AutoCloseable {
  private final Logger logger = (Logger) LoggerFactory.getLogger("dev.holdfast.registry.etcd");
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final Scheduler loop;
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          if (loop.isCurrent()) {
            lines.add(event.getFormattedMessage());
          }
        }
      };

  /**
   * @param loop the registries of the test say everything on it
   */
  CapturedLogs(Scheduler loop) {
    this.loop = loop;
    appender.start();
    logger.addAppender(appender);
  }

  List<String> containing(String text) {
    return lines.stream().filter(line -> line.contains(text)).toList();
  }

  @Override
  public void close() {
    logger.detachAppender(appender);
  }
}
