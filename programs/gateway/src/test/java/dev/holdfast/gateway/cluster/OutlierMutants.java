package dev.holdfast.gateway.cluster;

import dev.holdfast.core.Endpoint;
import java.util.List;
import java.util.function.Function;

/** Policies that are broken on purpose, by name: the simulation must catch each of them. */
enum OutlierMutants implements Function<OutlierOptions, OutlierPolicy> {
  ALL_MAY_BE_LEFT_OUT {
    @Override
    public OutlierPolicy apply(OutlierOptions options) {
      return new OutlierPolicy(options) {
        @Override
        int most(int endpoints) {
          return endpoints;
        }
      };
    }
  },
  OLD_FAULTS_COUNT {
    @Override
    public OutlierPolicy apply(OutlierOptions options) {
      return new OutlierPolicy(options) {
        @Override
        long windowNanos() {
          return Long.MAX_VALUE;
        }
      };
    }
  },
  SUCCESS_IS_FORGOTTEN {
    @Override
    public OutlierPolicy apply(OutlierOptions options) {
      return new OutlierPolicy(options) {
        @Override
        void onSuccess(EndpointHealth endpointHealth) {}
      };
    }
  },
  NEVER_LONGER {
    @Override
    public OutlierPolicy apply(OutlierOptions options) {
      return new OutlierPolicy(options) {
        @Override
        long ejectionNanos(int ejections) {
          return super.ejectionNanos(1);
        }
      };
    }
  },
  NEVER_BACK {
    @Override
    public OutlierPolicy apply(OutlierOptions options) {
      return new OutlierPolicy(options) {
        @Override
        List<EndpointHealth> onTimeout(long nowNanos) {
          return List.of();
        }
      };
    }
  },
  NO_PROBATION {
    @Override
    public OutlierPolicy apply(OutlierOptions options) {
      return new OutlierPolicy(options) {
        @Override
        int faultsNeeded(EndpointHealth endpointHealth) {
          return options.faults();
        }
      };
    }
  },
  TOO_EARLY {
    @Override
    public OutlierPolicy apply(OutlierOptions options) {
      return new OutlierPolicy(options) {
        @Override
        int faultsNeeded(EndpointHealth endpointHealth) {
          return super.faultsNeeded(endpointHealth) == 1 ? 1 : options.faults() - 1;
        }
      };
    }
  },
  RESTARTS_UNSEEN {
    @Override
    public OutlierPolicy apply(OutlierOptions options) {
      return new OutlierPolicy(options) {
        @Override
        boolean isRestart(EndpointHealth endpointHealth, Endpoint endpoint) {
          return false;
        }
      };
    }
  }
}
