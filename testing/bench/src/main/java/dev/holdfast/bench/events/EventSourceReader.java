package dev.holdfast.bench.events;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One EventSource of a page, as a browser has it: a stream that ends is asked for again after the
 * reconnection time, with the last id; any response but 200 ends the EventSource, and the page
 * makes another one a moment later. Numbers the messages and says what is missing. Confined to the
 * event loop of its browser.
 */
final class EventSourceReader {
  /** The reconnection time of Chromium, until the server names another one. */
  private static final int RETRY_MILLIS = 3_000;

  /** The delay of the script in docs/gateway/resume.md: one second, and up to one more. */
  private static final int REOPEN_MILLIS = 1_000;

  private static final int MOST_BODY_CHARS = 4_096;
  private static final int STATUS_OK = 200;
  private static final Pattern NUMBER = Pattern.compile("\"number\":\"([0-9]+)\"");
  private static final Pattern REASON = Pattern.compile("\"reason\":\"([A-Z_]+)\"");

  private final Browser browser;
  private final String path;
  private final EventTally eventTally;
  private final Runnable onFirstMessage;

  private String lastId = "";
  private long position;
  private int retryMillis = RETRY_MILLIS;
  private int status;

  /** The line or the body that has not ended. */
  private StringBuilder text = new StringBuilder(0);

  private String eventId = "";
  private String eventData = "";
  private String eventName = "";
  private boolean everHeard;
  private boolean isReopening;
  private boolean isOpen;
  private volatile boolean isHearing;

  EventSourceReader(Browser browser, String path, EventTally eventTally, Runnable onFirstMessage) {
    this.browser = browser;
    this.path = path;
    this.eventTally = eventTally;
    this.onFirstMessage = onFirstMessage;
  }

  String path() {
    return path;
  }

  /** The id with which the stream goes on; "" for a new stream. */
  String lastId() {
    return lastId;
  }

  /** Whether a message has arrived on the response that is read now. */
  boolean isHearing() {
    return isHearing;
  }

  /** Asks for the stream. */
  void ask() {
    status = 0;
    isReopening = everHeard && lastId.isEmpty();
    position = lastId.isEmpty() ? 0 : position;
    text = new StringBuilder(0);
    clearEvent();
    browser.ask(this);
  }

  void onHead(int responseStatus) {
    status = responseStatus;
  }

  void onBytes(ByteBuf bytes) {
    String part = bytes.toString(StandardCharsets.UTF_8);
    if (status != STATUS_OK) {
      if (text.length() < MOST_BODY_CHARS) {
        text.append(part);
      }
      return;
    }
    int from = 0;
    for (int end = part.indexOf('\n'); end >= 0; end = part.indexOf('\n', from)) {
      onLine(text.append(part, from, end).toString());
      text = new StringBuilder(0);
      from = end + 1;
    }
    text.append(part, from, part.length());
  }

  /** The response has ended, or there is none. */
  void onEnd() {
    if (status == STATUS_OK) {
      if (isHearing || isOpen) {
        eventTally.onCut();
      }
      isHearing = false;
      isOpen = false;
      later(retryMillis);
    } else if (status == 0) {
      isHearing = false;
      eventTally.add(EventTally.UNREACHABLE, 1);
      later(retryMillis);
    } else {
      isHearing = false;
      Matcher reason = REASON.matcher(text);
      eventTally.add(EventTally.TOLD + status + (reason.find() ? "_" + reason.group(1) : ""), 1);
      lastId = "";
      retryMillis = RETRY_MILLIS;
      later(REOPEN_MILLIS + ThreadLocalRandom.current().nextInt(REOPEN_MILLIS));
    }
  }

  private void later(int millis) {
    var unused = browser.loop().schedule(this::ask, millis, TimeUnit.MILLISECONDS);
  }

  private void onLine(String line) {
    if (line.isEmpty()) {
      onEvent();
    } else if (line.startsWith("id: ")) {
      eventId = line.substring(4);
    } else if (line.startsWith("data: ")) {
      eventData = line.substring(6);
    } else if (line.startsWith("event: ")) {
      eventName = line.substring(7);
    } else if (line.startsWith("retry: ")) {
      retryMillis = Integer.parseInt(line.substring(7));
    }
  }

  private void onEvent() {
    if (!isOpen && !eventId.isEmpty() && everHeard && !isReopening) {
      isOpen = true;
      eventTally.onBack(EventTally.RESUMED);
    }
    if (eventName.isEmpty() && !eventData.isEmpty()) {
      onMessage();
    } else if (!eventName.isEmpty() && !eventData.contains("\"code\":14")) {
      eventTally.add("event_" + eventName, 1);
    }
    if (!eventId.isEmpty()) {
      lastId = eventId;
    }
    clearEvent();
  }

  private void onMessage() {
    Matcher found = NUMBER.matcher(eventData);
    long number = found.find() ? Long.parseLong(found.group(1)) : -1;
    if (eventId.isEmpty()) {
      // As this stream can't go on, the next one is new.
      eventTally.add(isHearing ? "messages_without_id" : EventTally.NOT_KEPT, 1);
      position = number - 1;
    }
    if (number <= position) {
      eventTally.add(EventTally.DUPLICATED, 1);
    } else {
      eventTally.add(EventTally.LOST, number - position - 1);
      position = number;
    }
    isHearing = true;
    isOpen = true;
    if (!everHeard) {
      everHeard = true;
      onFirstMessage.run();
    } else if (isReopening) {
      eventTally.onBack(EventTally.REOPENED);
    }
    isReopening = false;
  }

  private void clearEvent() {
    eventId = "";
    eventData = "";
    eventName = "";
  }
}
