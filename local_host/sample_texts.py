"""The texts of the sample PDFs: countries that do not exist, in the manner of those that do."""

from local_host.sample_pages import Bullets, Heading, Page, Paragraph, Table

_PLAN = "Republic of Maravia - National Climate Plan 2025-2035"

NATIONAL_PLAN = (
    Page(
        running_head=_PLAN,
        number="i",
        blocks=(
            Heading("Foreword"),
            Paragraph(
                "Maravia is a country of rivers, terraced hills and a coast that retreats by two "
                "metres a year. This plan says what the government will do about it, who pays, and "
                "how anybody can check that it was done."
            ),
            Paragraph(
                "It was written after forty-one public hearings. The comments received, approx. "
                "1,900 of them, are published with the answers of the ministry."
            ),
        ),
    ),
    Page(
        running_head=_PLAN,
        number="1",
        blocks=(
            Heading("1 Targets"),
            Heading("1.1 Long-term goal"),
            Paragraph(
                "Maravia will reach net-zero greenhouse gas emissions across the whole economy no "
                "later than 2050.1 The target covers all gases and does not depend on support "
                "from abroad."
            ),
            Paragraph(
                "By 2035, emissions will be 42 per cent below the level of 2010. A further "
                "reduction of 9 per cent is possible with international support."
            ),
            Table(
                (
                    ("Sector", "2010 (Mt)", "2035 (Mt)", "Lead ministry"),
                    ("Power and heat", "11.8", "4.1", "Energy"),
                    ("Transport", "6.3", "4.4", "Transport"),
                    ("Agriculture", "5.2", "4.3", "Rural affairs"),
                    ("Waste", "1.1", "0.5", "Environment"),
                )
            ),
            Paragraph("Table 1: Emissions by sector, in million tonnes of CO2 equivalent."),
        ),
        footnotes=("1 Parliament adopted this date in the Framework Resolution of March 2024.",),
    ),
    Page(
        running_head=_PLAN,
        number="2",
        blocks=(
            Heading("2 Energy"),
            Paragraph(
                "The share of renewable electricity will rise from 31 per cent today to 80 per "
                "cent by 2035. To this end the government will:"
            ),
            Bullets(
                (
                    "auction 450 MW of solar and 300 MW of onshore wind power every year;",
                    "refurbish the hydropower plants of the upper Saro valley;",
                    "connect 120,000 rural households to mini-grids, at the capital's tariff;",
                    "close the coal plant at Dren by the end of 2031.",
                )
            ),
            Heading("3 People"),
            Paragraph(
                "The closure of the Dren plant and its two mines affects 3,400 coal workers. Each "
                "of them is entitled to retraining, to a bridging pension from the age of 57, or "
                "to a job in the public works of the region. A just transition fund of 85 million "
                "crowns supports the communities that lose their main employer."
            ),
        ),
    ),
    Page(
        running_head=_PLAN,
        number="3",
        blocks=(
            Heading("4 Land"),
            Paragraph(
                "Deforestation of natural forests ends in 2028. The forest service will restore "
                "60,000 hectares of degraded land, half of it with native species, and communities "
                "that manage forests receive a payment for each hectare kept."
            ),
            Heading("5 Means"),
            Paragraph(
                "The plan costs 6.2 billion crowns until 2035. The national budget carries 2.4 "
                "billion; private investment is expected to bring 2.1 billion. For the remaining "
                "1.7 billion Maravia requests international climate finance, in grants where "
                "adaptation is concerned."
            ),
            Paragraph(
                "The ministry of finance reports each year in May on what was spent, by measure."
            ),
        ),
    ),
)

_STRATEGIE = "Royaume de Valdoria - Stratégie nationale bas carbone"

FRENCH_STRATEGY = (
    Page(
        running_head=_STRATEGIE,
        number="7",
        blocks=(
            Heading("1. Objectifs"),
            Paragraph(
                "Le Royaume de Valdoria vise la neutralité carbone à l'horizon 2060. D'ici à 2030, "
                "les émissions de gaz à effet de serre seront réduites de 28 % par rapport au "
                "scénario de référence, dont 12 % sans condition."
            ),
            Heading("2. Énergie"),
            Paragraph("Les mesures prioritaires sont les suivantes :"),
            Bullets(
                (
                    "porter la part des énergies renouvelables à 55 % du mix électrique en 2035 ;",
                    "développer 200 MW de centrales solaires et un premier parc éolien en mer ;",
                    "diffuser 400 000 foyers améliorés, afin de réduire la demande de bois.",
                )
            ),
            Heading("3. Forêts"),
            Paragraph(
                "L'art. 14 du Code forestier est révisé : le défrichement est soumis à "
                "autorisation, et 15 000 hectares de mangroves sont restaurés avant 2032."
            ),
        ),
    ),
    Page(
        running_head=_STRATEGIE,
        number="8",
        blocks=(
            Heading("4. Financement"),
            Paragraph(
                "Le coût total s'élève à 3,8 milliards d'écus. L'État en prend 30 % à sa charge ; "
                "le reste est recherché auprès du Fonds vert pour le climat et des partenaires."
            ),
            Heading("5. Transition juste"),
            Paragraph(
                "Les travailleurs des centrales à charbon bénéficient d'une formation et d'un "
                "accompagnement pendant trois ans. Les femmes et les jeunes des zones rurales "
                "sont associés au suivi de la stratégie."
            ),
        ),
    ),
)

_ACT = "Free State of Ostmark - Official Gazette No. 17"

LAW = (
    Page(
        running_head=_ACT,
        number="212",
        columns=2,
        blocks=(
            Heading("Climate Act"),
            Heading("Part 1 Purpose"),
            Paragraph(
                "Section 1. This Act binds the State to climate neutrality by 2045 at the latest. "
                "Emissions that cannot be avoided shall be balanced by removals within the State."
            ),
            Paragraph(
                "Section 2. In this Act, greenhouse gases means the gases listed in Annex A; "
                "removals means the uptake of such gases by forests, soils and technical sinks."
            ),
            Heading("Part 2 Budgets"),
            Paragraph(
                "Section 3. (1) The government shall lay before the Assembly a carbon budget for "
                "each period of five years, the first beginning on 1 January 2026. (2) A budget "
                "may be lowered, but not raised, except where the Assembly so resolves with two "
                "thirds of its members."
            ),
            Paragraph(
                "Section 4. Where a budget is exceeded, the minister concerned shall within three "
                "months publish a programme of measures that makes good the excess."
            ),
            Heading("Part 3 Electricity"),
            Paragraph(
                "Section 5. Not less than nine tenths of the electricity supplied in the State "
                "shall come from renewable sources from 2035. Operators of the grid shall connect "
                "wind and solar installations with priority."
            ),
            Paragraph(
                "Section 6. A licence for a coal-fired power plant expires on 31 December 2032 "
                "and shall not be renewed."
            ),
            Heading("Part 4 Workers"),
            Paragraph(
                "Section 7. Workers who lose their employment by reason of section 6 have a right "
                "to retraining at the cost of the State and to an allowance of seven tenths of "
                "their last wage for up to twenty-four months."
            ),
            Heading("Part 5 Funds"),
            Paragraph(
                "Section 8. A Climate Fund is established. It receives the proceeds of the auction "
                "of emission allowances and an annual contribution from the budget of not less "
                "than 140 million thalers."
            ),
            Paragraph(
                "Section 9. The Fund finances measures of municipalities, the renovation of "
                "dwellings of persons on low income, and the rewetting of peatlands."
            ),
            Heading("Part 6 Final provisions"),
            Paragraph(
                "Section 10. An independent council of seven members reports to the Assembly each "
                "year on the effect of this Act. Section 11. This Act enters into force on the day "
                "after its publication."
            ),
        ),
    ),
)

SHORT_PLEDGE = (
    Page(
        running_head="Tamaroa Islands",
        number="1",
        blocks=(
            Heading("Pledge of the Tamaroa Islands"),
            Paragraph(
                "Our emissions are among the smallest on Earth. We nevertheless pledge to generate "
                "all electricity from renewable sources by 2030, provided that the finance "
                "promised to small island states arrives."
            ),
            Paragraph("This pledge says nothing of forests: the islands have none left."),
        ),
    ),
)
