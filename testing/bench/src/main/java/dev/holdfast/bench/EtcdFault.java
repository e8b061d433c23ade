package dev.holdfast.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * The kinds of faults of an etcd cluster and of the paths to it. Each fault is healed before its
 * method returns.
 */
enum EtcdFault {
  MEMBER_STOPPED {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      stop(etcd, dice.member(), dice.someMillis());
    }
  },
  LEADER_STOPPED {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      stop(etcd, etcd.leader(), dice.someMillis());
    }
  },
  LEADER_STOPPED_BEYOND_TTL {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      stop(etcd, etcd.leader(), dice.beyondTtlMillis());
    }
  },
  MEMBER_KILLED {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      etcd.member(dice.member()).kill();
      dice.pass(dice.someMillis());
      etcd.startAll();
    }
  },
  LEADER_KILLED {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      etcd.member(etcd.leader()).kill();
      dice.pass(dice.someMillis());
      etcd.startAll();
    }
  },
  QUORUM_KILLED {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      int spared = dice.member();
      for (int i = 0; i < ChaosCluster.SIZE; i++) {
        if (i != spared) {
          etcd.member(i).kill();
        }
      }
      dice.pass(dice.someMillis());
      etcd.startAll();
    }
  },
  ALL_KILLED {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      etcd.killAll();
      dice.pass(dice.someMillis());
      etcd.startAll();
    }
  },
  WIPED {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      etcd.wipe();
    }
  },
  RESTORED {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      Path backup = etcd.backUp();
      dice.pass(dice.someMillis());
      etcd.restore(backup);
    }
  },
  WIPED_AND_RESTORED {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      Path backup = etcd.backUp();
      etcd.wipe();
      dice.pass(dice.someMillis());
      etcd.restore(backup);
    }
  },
  COMPACTED {
    /** Again and again while all watches are begun anew, so that some begin before a compaction. */
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      try (EtcdOperator operator = new EtcdOperator(etcd.member(dice.member()).ports().client())) {
        for (int i = 0; i < COMPACTIONS; i++) {
          if (i % (COMPACTIONS / 4) == 0) {
            for (int link = 0; link < ChaosCluster.SIZE; link++) {
              etcd.link(link).cut();
            }
          }
          operator.compact(operator.put("chaos/compaction", "" + i));
          dice.pass(COMPACTION_PAUSE_MILLIS);
        }
      }
    }
  },
  AUTHENTICATION_ON {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      try (EtcdOperator operator = new EtcdOperator(etcd.member(dice.member()).ports().client())) {
        operator.turnAuthenticationOn();
        try {
          dice.pass(dice.someMillis());
        } finally {
          operator.turnAuthenticationOff();
        }
      }
    }
  },
  LINK_CUT {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      int cut = dice.member();
      etcd.link(cut).refuseNew();
      etcd.link(cut).cut();
      dice.pass(dice.someMillis());
      etcd.link(cut).heal();
    }
  },
  LINK_STALLED {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      int stalled = dice.member();
      etcd.link(stalled).stall();
      dice.pass(dice.someMillis());
      etcd.link(stalled).heal();
    }
  },
  ALL_LINKS_STALLED {
    @Override
    void befall(ChaosCluster etcd, Dice dice) throws Exception {
      for (int i = 0; i < ChaosCluster.SIZE; i++) {
        etcd.link(i).stall();
      }
      dice.pass(dice.someMillis());
      for (int i = 0; i < ChaosCluster.SIZE; i++) {
        etcd.link(i).heal();
      }
    }
  };

  private static final int COMPACTIONS = 40;
  private static final long COMPACTION_PAUSE_MILLIS = 10;

  /** The chances of a fault: members that it hits, and for how long. */
  record Dice(RandomGenerator random, long mostMillis, long beyondTtlMillis) {
    int member() {
      return random.nextInt(ChaosCluster.SIZE);
    }

    /** Short ones are as likely as those that last. */
    long someMillis() {
      return random.nextLong(1 + random.nextLong(mostMillis));
    }

    void pass(long millis) throws InterruptedException {
      TimeUnit.MILLISECONDS.sleep(millis);
    }
  }

  /** Begins the fault, lets it last and heals it; all members serve afterwards, or soon. */
  abstract void befall(ChaosCluster etcd, Dice dice) throws Exception;

  private static void stop(ChaosCluster etcd, int member, long millis)
      throws IOException, InterruptedException {
    etcd.member(member).pause();
    try {
      TimeUnit.MILLISECONDS.sleep(millis);
    } finally {
      etcd.member(member).resume();
    }
  }
}
