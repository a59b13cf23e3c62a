"""The words that generated papers are made of: word lists by field, and syllables for names of things.

A `Field` gives the slots title templates draw from. Proper names (of places, genes, theorems, systems) are composed
of syllables, so that titles differ as naturally as real ones do: a handful of common words and something rare.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["FIELDS", "GENERIC_TITLES", "LATEX", "SHORT_TITLES", "SYLLABLES", "VERBS", "Field"]


class Field(NamedTuple):
    """One field of research: word lists for titles, journals and arXiv categories."""

    name: str
    qualities: tuple[str, ...]
    methods: tuple[str, ...]
    objects: tuple[str, ...]
    contexts: tuple[str, ...]
    journals: tuple[str, ...]
    categories: tuple[str, ...]


def _split(words: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in words.split("|"))


FIELDS = (
    Field(
        "physics",
        _split(
            "anisotropic|chiral|coherent|collisionless|critical|disordered|dissipative|driven|entangled|fractional|"
            "frustrated|gapless|holographic|incommensurate|interacting|long-range|magnetized|metastable|multipolar|"
            "non-Hermitian|nonequilibrium|nonlinear|one-dimensional|optically trapped|relativistic|rotating|spin-1/2|"
            "strongly coupled|strongly correlated|superconducting|thermal|topological|turbulent|ultracold|weakly bound"
        ),
        _split(
            "Monte Carlo study|renormalization group analysis|exact diagonalization|mean-field theory|spectroscopy|"
            "density functional calculation|numerical simulation|measurement|observation|perturbation theory|"
            "neutron scattering study|lattice simulation|effective field theory|quantum simulation|interferometry|"
            "tensor network approach|kinetic theory|light scattering study|scaling analysis|tomography|transport theory"
        ),
        _split(
            "Bose gases|Schrödinger operators|Mössbauer spectra|Hawking radiation|edge states|spin chains|spin liquids|"
            "vortex lattices|dark matter halos|accretion disks|magnetic monopoles|neutrino oscillations|black holes|"
            "quantum dots|Josephson junctions|Dirac fermions|Rényi entropies|gravitational waves|plasma waves|"
            "exciton condensates|domain walls|α-decay chains|Λ hyperons|γ-ray bursts|phonon modes|polaritons|"
            "cosmic strings|heavy quarkonia|skyrmions|solitons|spin glasses|time crystals|Weyl semimetals|"
            "supernova remnants"
        ),
        _split(
            "at finite temperature|in a magnetic field|near the critical point|in two dimensions|in optical lattices|"
            "at high pressure|under periodic driving|in the early universe|with long-range hopping|on a kagome lattice|"
            "in thin films|beyond linear response|from lattice QCD|in heavy-ion collisions|at the interface|"
            "with broken inversion symmetry|in curved spacetime|on the honeycomb lattice|in open systems|at low density"
        ),
        _split(
            "Physical Letters of the North|Annals of Quantum Matter|Journal of Condensed Phases|Astroparticle Reports"
        ),
        _split("cond-mat.str-el|quant-ph|hep-th|astro-ph.HE|hep-ph|physics.plasm-ph"),
    ),
    Field(
        "learning",
        _split(
            "adaptive|adversarial|asynchronous|Bayesian|bidirectional|causal|compositional|contrastive|data-efficient|"
            "deep|"
            "differentiable|end-to-end|equivariant|few-shot|graph-based|hierarchical|interpretable|large-scale|"
            "low-resource|masked|memory-augmented|multi-task|multimodal|online|parameter-efficient|probabilistic|"
            "recurrent|robust|scalable|self-supervised|semi-supervised|sparse|uncertainty-aware|unsupervised|zero-shot"
        ),
        _split(
            "attention|autoencoders|boosting|codebooks|curriculum learning|diffusion models|distillation|embeddings|"
            "energy-based models|ensembles|fine-tuning|graph networks|hashing|kernel methods|language models|"
            "meta-learning|mixture of experts|normalizing flows|policy gradients|pre-training|prompting|pruning|"
            "quantization|reward shaping|sampling|tokenization|transfer learning|transformers|variational inference"
        ),
        _split(
            "action recognition|anomaly detection|code completion|dialogue systems|document retrieval|"
            "domain adaptation|"
            "entity resolution|face alignment|image captioning|image segmentation|knowledge graphs|link prediction|"
            "machine translation|music generation|named entity recognition|neural rendering|node classification|"
            "object tracking|optical flow|point clouds|pose estimation|protein folding|question answering|"
            "recommendation|robot manipulation|scene graphs|sentiment analysis|speech synthesis|text summarization|"
            "time series forecasting|tabular data|traffic prediction|video prediction|visual grounding"
        ),
        _split(
            "with noisy labels|in the wild|under distribution shift|from weak supervision|at scale|on a budget|"
            "without parallel data|with limited memory|for low-resource languages|with human feedback|on edge devices|"
            "using synthetic data|under covariate shift|from raw audio|with missing modalities|in federated settings|"
            "for long documents|with hard negatives|over streaming data|under privacy constraints"
        ),
        _split("Transactions on Learning Machines|Conference on Neural Representations|Workshop on Data and Inference"),
        _split("cs.LG|cs.CL|cs.CV|stat.ML|cs.AI|cs.IR"),
    ),
    Field(
        "medicine",
        _split(
            "acute|advanced|chronic|community-acquired|early-onset|elderly|familial|gestational|high-risk|hospitalized|"
            "idiopathic|inoperable|late-stage|metastatic|moderate|obese|pediatric|perioperative|postmenopausal|"
            "postoperative|primary|recurrent|refractory|relapsed|secondary|severe|symptomatic|treatment-naive|type 2|"
            "uncontrolled"
        ),
        _split(
            "a randomized controlled trial|a cohort study|a case-control study|a systematic review|a meta-analysis|"
            "a cross-sectional survey|a pilot study|a qualitative study|a retrospective analysis|study protocol|"
            "a multicenter registry|long-term follow-up|a cost-effectiveness analysis|a feasibility study"
        ),
        _split(
            "asthma|atrial fibrillation|breast cancer|bronchiolitis|cervical dysplasia|COPD|depression|"
            "diabetic retinopathy|"
            "epilepsy|glaucoma|heart failure|hepatitis C|hip fracture|hypertension|insulin resistance|ischaemic stroke|"
            "knee osteoarthritis|lung cancer|malaria|melanoma|migraine|multiple sclerosis|myocardial infarction|"
            "pancreatitis|Parkinson's disease|pneumonia|preeclampsia|psoriasis|sepsis|Sjögren syndrome|sleep apnoea|"
            "tuberculosis"
        ),
        _split(
            "in primary care|in adults|in children|in women|in men|after surgery|during pregnancy|in intensive care|"
            "in rural districts|in older adults|in adolescents|after discharge|in low-income settings|at 12 months|"
            "after transplantation|on dialysis|in emergency departments|in nursing homes|with comorbid obesity|"
            "in smokers"
        ),
        _split(
            "Northern Medical Journal|Archives of Clinical Inquiry|Journal of Ward Medicine|Annals of Trials and Care"
        ),
        _split("q-bio.QM|stat.AP|physics.med-ph"),
    ),
    Field(
        "mathematics",
        _split(
            "algebraic|arithmetic|birational|bounded|combinatorial|compact|complete|convex|degenerate|derived|elliptic|"
            "equivariant|ergodic|extremal|finite|free|fully nonlinear|generic|homogeneous|hyperbolic|infinite|integral|"
            "minimal|motivic|nilpotent|noncommutative|p-adic|perfect|quasi-linear|random|rational|semisimple|stable|"
            "stochastic|unipotent"
        ),
        _split(
            "a counterexample|a rigidity theorem|asymptotics|bounds|classification|cohomology|decomposition|"
            "deformations|"
            "dimension estimates|enumeration|existence and uniqueness|factorization|geometric quantization|"
            "global regularity|index theory|local limits|moduli|stability|spectral gaps|well-posedness"
        ),
        _split(
            "Banach spaces|Calabi–Yau threefolds|Erdős–Rényi graphs|Fano varieties|Galois representations|"
            "Hölder spaces|"
            "Hilbert schemes|Kähler manifolds|Lie groups|Möbius transformations|Poincaré series|Ricci flow|"
            "Riemann surfaces|"
            "Shimura varieties|Toeplitz operators|braid groups|cluster algebras|cubic surfaces|free boundaries|"
            "heat kernels|"
            "hypergraphs|lattices|modular forms|partitions|permutations|quivers|reflection groups|toric varieties|"
            "tree posets|"
            "ℓ-adic sheaves|σ-algebras|ζ-functions"
        ),
        _split(
            "over finite fields|in positive characteristic|with boundary|on metric spaces|in three dimensions|"
            "of low rank|"
            "with prescribed curvature|on graded rings|with infinite delay|of bounded degree|at infinity|in the plane|"
            "over number fields|with singular coefficients|on homogeneous spaces|in higher dimensions|with symmetry"
        ),
        _split(
            "Acta Arithmetica Borealis|Journal of Pure Structures|Annals of Geometry and Number|Bulletin of Analysis"
        ),
        _split("math.AG|math.AP|math.CO|math.NT|math.PR|math.DG"),
    ),
    Field(
        "biology",
        _split(
            "alpine|ancestral|aquatic|coastal|conserved|cryptic|dominant|endemic|endosymbiotic|epigenetic|evolutionary|"
            "functional|genome-wide|invasive|juvenile|landscape-scale|marine|maternal|migratory|mitochondrial|"
            "molecular|"
            "nocturnal|parasitic|phenotypic|polygenic|seasonal|single-cell|spatial|symbiotic|temperate|transcriptional|"
            "tropical"
        ),
        _split(
            "adaptation|assembly|bioacoustics|co-occurrence|comparative genomics|dispersal|diversification|"
            "expression profiling|"
            "foraging|gene flow|habitat selection|host specificity|imaging|life history|mapping|morphometrics|"
            "niche partitioning|phylogeny|population structure|recruitment|regulation|reproduction|resilience|"
            "succession"
        ),
        _split(
            "alpine grasses|amphibians|ant colonies|bats|bryophytes|cichlid fishes|coral reefs|diatoms|"
            "Drosophila embryos|"
            "eelgrass meadows|freshwater mussels|gut microbiota|honey bees|kelp forests|lichens|mangroves|"
            "maize hybrids|"
            "migratory birds|moss mites|neural crest cells|oak savannas|orchids|polar bears|rodents|salmonids|"
            "sea urchins|"
            "seed banks|soil fungi|T cells|tree ferns|yeast strains|zebrafish larvae"
        ),
        _split(
            "across elevation gradients|along a river|after fire|under warming|in fragmented landscapes|in captivity|"
            "at range edges|during development|in response to drought|in urban parks|over two decades|under grazing|"
            "in the Southern Ocean|after translocation|in mixed forests|under salt stress|in agricultural soils"
        ),
        _split("Journal of Field Biology|Cell and Habitat|Molecular Notes|Ecology of the Commons"),
        _split("q-bio.PE|q-bio.GN|q-bio.NC"),
    ),
    Field(
        "society",
        _split(
            "bilateral|civic|colonial|comparative|contested|cross-border|decentralized|digital|domestic|everyday|"
            "fiscal|formal|"
            "global|grassroots|historical|household|informal|institutional|intergenerational|legal|local|municipal|"
            "participatory|political|precarious|public|regional|religious|rural|transnational|urban|vernacular|"
            "voluntary"
        ),
        _split(
            "a discourse analysis|a natural experiment|an ethnography|a survey experiment|archival evidence|"
            "a panel study|"
            "a field experiment|a comparative history|a network analysis|lessons from reform|a typology|an oral history"
        ),
        _split(
            "childcare|citizenship|coalition formation|debt relief|deliberation|electoral turnout|energy policy|"
            "gender quotas|"
            "higher education|housing markets|immigration|labour unions|land tenure|language policy|literacy|"
            "local news|"
            "maritime trade|microfinance|minimum wages|museums|pension reform|philanthropy|platform work|"
            "public libraries|"
            "school choice|social capital|street protest|taxation|teacher training|tourism|urban planning|"
            "water governance"
        ),
        _split(
            "after the war|in border regions|in small towns|during austerity|since 1945|in post-industrial cities|"
            "under decentralization|among migrants|in coalition governments|in the long nineteenth century|"
            "in island states|among first-generation students|in welfare states|in coastal communities"
        ),
        _split("Journal of Civic Studies|Review of Regional History|Social Inquiry Quarterly|Policy and Place"),
        _split("econ.GN|cs.CY|physics.soc-ph"),
    ),
)

VERBS = _split(
    "Towards|Understanding|Rethinking|Revisiting|Modeling|Estimating|Characterizing|Predicting|Explaining|Probing|"
    "Improving|Scaling"
)

GENERIC_TITLES = _split(
    "Editorial|Introduction|Preface|Foreword|Book Review|Book Reviews|Letter to the Editor|Contents|Index|Obituary|"
    "News|"
    "Announcements|In Memoriam|From the Editors|Guest Editorial|Conclusion|Issue Information|Discussion|Abstracts"
)

SHORT_TITLES = _split(
    "Lie groups and Lie algebras|Graph theory|Deep learning|Quantum information|Heart failure|Social capital|"
    "Machine translation|Number theory|Random matrices|Climate change and health|Stochastic processes|Urban ecology"
)

SYLLABLES = _split(
    "ba|bel|bor|cal|cam|dal|dor|el|en|fal|far|gal|gor|hal|hel|il|ir|kal|kor|lan|lin|mar|mel|mon|nar|nel|nor|ol|or|pal|"
    "per|quin|ral|ren|ros|sal|ser|sol|tal|ter|tor|ul|ur|val|ven|vor|wal|wen|xan|yel|zan|zor"
)

# Text as papers print it, and as TeX sources write it: sources give one or the other.
LATEX = {
    "Schrödinger": 'Schr\\"odinger',
    "Mössbauer": 'M\\"ossbauer',
    "Möbius": 'M\\"{o}bius',
    "Hölder": 'H{\\"o}lder',
    "Kähler": 'K\\"ahler',
    "Poincaré": "Poincar\\'e",
    "Rényi": "R\\'enyi",
    "Erdős": "Erd\\H{o}s",
    "Sjögren": 'Sj\\"ogren',
    "α": "$\\alpha$",
    "γ": "$\\gamma$",
    "Λ": "$\\Lambda$",
    "σ": "$\\sigma$",
    "ζ": "$\\zeta$",
    "ℓ": "$\\ell$",
    "√s": "$\\sqrt{s}$",
    "–": "--",
}
