from . import (
    analysis as analysis,
    benchmarks as benchmarks,
    compat as compat,
    downloads as downloads,
    errors as errors,
    expr as expr,
    plot as plot,
    published as published,
    report as report,
    schema as schema,
    search as search,
    spaces as spaces,
    surrogate as surrogate,
    synthetic as synthetic,
)
from .analysis import (
    best_archs as best_archs,
    compare as compare,
    ecdf as ecdf,
    hypervolume as hypervolume,
    landscape as landscape,
    learning_curves as learning_curves,
    local_optima as local_optima,
    locality as locality,
    marginal_means as marginal_means,
    nondominated_rank as nondominated_rank,
    operation_effects as operation_effects,
    paired_ranks as paired_ranks,
    pareto_front as pareto_front,
    rank_correlation as rank_correlation,
    rank_stability as rank_stability,
    seed_noise as seed_noise,
    summarize as summarize,
    top_overlap as top_overlap,
    with_costs as with_costs,
)
from .export.attachments import attach as attach, import_table as import_table
from .benchmarks import Benchmark as Benchmark, Metric as Metric, register as register
from .downloads import download as download
from .analysis.engines import query_sql as query_sql, sql as sql
from .report.explorer import explore as explore
from .export import Limits as Limits, export as export
from .expr import (
    arch as arch,
    budget as budget,
    cumulative_time as cumulative_time,
    dataset as dataset,
    final as final,
    metric as metric,
    on as on,
    pareto_optimal as pareto_optimal,
    rank as rank,
    regret as regret,
    schedule as schedule,
    seed as seed,
    seed_count as seed_count,
    seed_mean as seed_mean,
    seed_std as seed_std,
    split as split,
)
from .lookup_table import Lookup as Lookup, lookup as lookup
from .search import anytime as anytime, objective as objective
from .store import (
    Store as Store,
    open_store as open_store,
    scan as scan,
    scan_archs as scan_archs,
    scan_runs as scan_runs,
)
from .store.adopt import adopt as adopt
from .store.attach import detach as detach
from .store.log import write_delta_log as write_delta_log
from .store.manifest import Manifest as Manifest
from .store.write import write_results as write_results
from .display.table import table as table

__version__: str
