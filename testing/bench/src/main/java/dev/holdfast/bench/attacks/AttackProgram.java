package dev.holdfast.bench.attacks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/**
 * A child process that attacks: {@code ATTACK PORT}. The process prints READY and starts with the
 * first line of input. With the second line it prints the number of frames or requests per second
 * and the number of connections, and ends.
 */
public final class AttackProgram {
  /** The pause before a client reconnects whose connection was ended, in milliseconds. */
  private static final long AGAIN_MILLIS = 20;

  private final Attack attack;
  private final AttackTarget attackTarget;
  private final LongAdder connections = new LongAdder();
  private volatile boolean done;

  private AttackProgram(Attack attack, int port) {
    this.attack = attack;
    this.attackTarget = new AttackTarget(port, new LongAdder());
  }

  /** The program: {@code ATTACK PORT}. */
  public static void main(String[] args) throws IOException {
    AttackProgram program = new AttackProgram(Attack.valueOf(args[0]), Integer.parseInt(args[1]));
    BufferedReader parent =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    System.out.println("READY");
    long beganNanos = System.nanoTime();
    if (parent.readLine() != null) {
      beganNanos = System.nanoTime();
      program.begin();
      parent.readLine();
    }
    program.done = true;
    double seconds = (System.nanoTime() - beganNanos) / 1e9;
    double perSecond = program.attackTarget.sent().sum() / seconds;
    System.out.println("SENT " + perSecond + " " + program.connections.sum());
    System.exit(0);
  }

  private void begin() {
    for (int i = 0; i < attack.clients(); i++) {
      Thread thread = new Thread(this::attack, "attack-" + i);
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void attack() {
    while (!done) {
      connections.increment();
      try {
        attack.attackClient().run(attackTarget);
        TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
      } catch (IOException e) {
        pause();
      } catch (Exception e) {
        System.err.println(attack.key() + ": " + e);
        pause();
      }
    }
  }

  private static void pause() {
    try {
      TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
