package dev.holdfast.bench.chaos;

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
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      stop(etcd, faultParameters.member(), faultParameters.someMillis());
    }
  },
  LEADER_STOPPED {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      stop(etcd, etcd.leader(), faultParameters.someMillis());
    }
  },
  LEADER_STOPPED_BEYOND_TTL {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      stop(etcd, etcd.leader(), faultParameters.beyondTtlMillis());
    }
  },
  MEMBER_KILLED {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      etcd.member(faultParameters.member()).kill();
      faultParameters.pass(faultParameters.someMillis());
      etcd.startAll();
    }
  },
  LEADER_KILLED {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      etcd.member(etcd.leader()).kill();
      faultParameters.pass(faultParameters.someMillis());
      etcd.startAll();
    }
  },
  QUORUM_KILLED {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      int spared = faultParameters.member();
      for (int i = 0; i < ChaosCluster.SIZE; i++) {
        if (i != spared) {
          etcd.member(i).kill();
        }
      }
      faultParameters.pass(faultParameters.someMillis());
      etcd.startAll();
    }
  },
  ALL_KILLED {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      etcd.killAll();
      faultParameters.pass(faultParameters.someMillis());
      etcd.startAll();
    }
  },
  WIPED {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      etcd.wipe();
    }
  },
  RESTORED {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      Path backup = etcd.backUp();
      faultParameters.pass(faultParameters.someMillis());
      etcd.restore(backup);
    }
  },
  WIPED_AND_RESTORED {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      Path backup = etcd.backUp();
      etcd.wipe();
      faultParameters.pass(faultParameters.someMillis());
      etcd.restore(backup);
    }
  },
  COMPACTED {
    /** Again and again while all watches are begun anew, so that some begin before a compaction. */
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      try (EtcdOperator operator =
          new EtcdOperator(etcd.member(faultParameters.member()).ports().client())) {
        for (int i = 0; i < COMPACTIONS; i++) {
          if (i % (COMPACTIONS / 4) == 0) {
            for (int link = 0; link < ChaosCluster.SIZE; link++) {
              etcd.relay(link).cut();
            }
          }
          operator.compact(operator.put("chaos/compaction", "" + i));
          faultParameters.pass(COMPACTION_PAUSE_MILLIS);
        }
      }
    }
  },
  AUTHENTICATION_ON {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      try (EtcdOperator operator =
          new EtcdOperator(etcd.member(faultParameters.member()).ports().client())) {
        operator.turnAuthenticationOn();
        try {
          faultParameters.pass(faultParameters.someMillis());
        } finally {
          operator.turnAuthenticationOff();
        }
      }
    }
  },
  LINK_CUT {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      int cut = faultParameters.member();
      etcd.relay(cut).refuseNew();
      etcd.relay(cut).cut();
      faultParameters.pass(faultParameters.someMillis());
      etcd.relay(cut).heal();
    }
  },
  LINK_STALLED {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      int stalled = faultParameters.member();
      etcd.relay(stalled).stall();
      faultParameters.pass(faultParameters.someMillis());
      etcd.relay(stalled).heal();
    }
  },
  ALL_LINKS_STALLED {
    @Override
    void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception {
      for (int i = 0; i < ChaosCluster.SIZE; i++) {
        etcd.relay(i).stall();
      }
      faultParameters.pass(faultParameters.someMillis());
      for (int i = 0; i < ChaosCluster.SIZE; i++) {
        etcd.relay(i).heal();
      }
    }
  };

  private static final int COMPACTIONS = 40;
  private static final long COMPACTION_PAUSE_MILLIS = 10;

  /** The chances of a fault: members that it hits, and for how long. */
  record FaultParameters(RandomGenerator random, long mostMillis, long beyondTtlMillis) {
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
  abstract void inject(ChaosCluster etcd, FaultParameters faultParameters) throws Exception;

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
