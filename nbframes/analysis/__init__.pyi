from .best import best_archs as best_archs, top_overlap as top_overlap
from .comparison import Comparison as Comparison, compare as compare
from .curves import learning_curves as learning_curves
from .landscapes import landscape as landscape, local_optima as local_optima, locality as locality
from .noise import seed_noise as seed_noise
from .operations import marginal_means as marginal_means, operation_effects as operation_effects
from .pairing import paired_ranks as paired_ranks
from .pareto import hypervolume as hypervolume, nondominated_rank as nondominated_rank, pareto_front as pareto_front
from .population import ecdf as ecdf, summarize as summarize
from .ranking import rank_correlation as rank_correlation, rank_stability as rank_stability
from .relations import neighbour_pairs as neighbour_pairs, replacement_pairs as replacement_pairs
from .tradeoffs import with_costs as with_costs
