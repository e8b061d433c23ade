package dev.holdfast.interop.spring.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.springframework.boot.context.event.ApplicationReadyEvent;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * The line to the process that started this one. Its orders are lines on standard input; this
 * process ends at once when that one is gone.
 *
 * <ul>
 *   <li>{@code CALL} makes one call, answered with {@code CALLED instance}.
 *   <li>{@code LOAD rate} starts calls at a rate per second.
 *   <li>{@code COUNT} is answered with {@code COUNTED issued answered failed}.
 *   <li>{@code STOP} ends the calls, answered with {@code STOPPED issued answered failed longestMs}.
 *   <li>{@code NOTE text} sends a message on a stream that is open from the first on; each that
 *       comes back is a line {@code HEARD text}.
 * </ul>
 */
@Component
class ParentLine {
  private final CallLoad load;
  private final NoteStream notes;

  ParentLine(CallLoad load, NoteStream notes) {
    this.load = load;
    this.notes = notes;
  }

  @EventListener
  void onReady(ApplicationReadyEvent event) {
    System.out.println("READY 0");
    Thread orders = new Thread(this::follow, "parent");
    orders.setDaemon(true);
    orders.start();
  }

  private void follow() {
    BufferedReader input =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    try {
      for (String line = input.readLine(); line != null; line = input.readLine()) {
        obey(line.strip().split(" ", 2));
      }
    } catch (IOException e) {
      System.err.println("standard input: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(0);
  }

  private void obey(String[] words) throws InterruptedException {
    switch (words[0]) {
      case "CALL" -> load.callOnce();
      case "LOAD" -> load.start(Integer.parseInt(words[1]));
      case "COUNT" -> System.out.println("COUNTED " + load.counts());
      case "STOP" -> System.out.println("STOPPED " + load.stop());
      case "NOTE" -> notes.send(words[1]);
      default -> System.err.println("order: " + words[0] + " (expected: one of those documented)");
    }
  }
}
